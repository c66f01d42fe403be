"""One synthesis per environment and session; every test reads the same assembly."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from aws_cdk import App, Stack

from tests.synth.assembly import Assembly, synthesize


@pytest.fixture(scope="session")
def assembly_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Assembly]:
    """The assembly of a target, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("assemblies")
    return cache(lambda target: synthesize(target, folder / target))


@pytest.fixture(params=["dev", "prod"])
def each(request: pytest.FixtureRequest, assembly_of: Callable[[str], Assembly]) -> Assembly:
    """Both a development and a production environment."""
    return assembly_of(request.param)


@pytest.fixture
def dev(assembly_of: Callable[[str], Assembly]) -> Assembly:
    """The environment `dev`."""
    return assembly_of("dev")


@pytest.fixture
def prod(assembly_of: Callable[[str], Assembly]) -> Assembly:
    """The environment `prod`: Kerberos, termination protection, data that stays."""
    return assembly_of("prod")


@pytest.fixture
def stack() -> Stack:
    """A stack that nothing stands in."""
    return Stack(App(builtin_cloud_formation_validation=False), "Alone")
