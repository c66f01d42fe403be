"""Fixtures of the core's tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from core_doubles import Emr, FakeClock, UntimedClock

from emrkit_local.core.settings import Settings


@pytest.fixture
def emr(tmp_path: Path) -> Iterator[Emr]:
    """A control plane with an executor whose steps run until the test ends them."""
    made = Emr(tmp_path / "state")
    yield made
    made.control.close()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Emr]:
    """A control plane whose time stands still until it is moved, with delays of ten seconds."""
    settings = Settings(starting_delay=10, bootstrapping_delay=10, terminating_delay=10)
    made = Emr(tmp_path / "state", clock=FakeClock(), settings=settings)
    yield made
    made.control.close()


@pytest.fixture
def untimed(tmp_path: Path) -> Iterator[Emr]:
    """A control plane in which nobody who waits looks again by himself."""
    made = Emr(tmp_path / "state", clock=UntimedClock())
    yield made
    made.control.close()
