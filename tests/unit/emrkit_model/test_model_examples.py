"""The examples in the docstrings of facts and model are true."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import emrkit_facts
import emrkit_model


def modules() -> list[str]:
    return [
        module.name
        for package in (emrkit_facts, emrkit_model)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.startswith("emrkit_facts.generate")
    ]


@pytest.mark.parametrize("name", modules())
def test_docstring_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_main_values_have_an_example():
    for name in (
        "Cluster",
        "InstanceFleet",
        "SparkStep",
        "Job",
        "ManagedScaling",
        "Kerberos",
        "Contract",
        "Application",
    ):
        assert ">>>" in (getattr(emrkit_model, name).__doc__ or ""), name


def test_everything_public_has_a_docstring():
    missing = [
        f"{name}.{member}"
        for name in modules()
        for member in getattr(importlib.import_module(name), "__all__", ())
        if inspect.isclass(value := getattr(importlib.import_module(name), member)) or inspect.isfunction(value)
        if not (getattr(value, "__doc__", "") or "").strip()
    ]
    assert missing == []
