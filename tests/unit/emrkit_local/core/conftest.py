"""Fixtures of the core's tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from core_doubles import Emr


@pytest.fixture
def emr(tmp_path: Path) -> Iterator[Emr]:
    """A control plane with an executor whose steps run until the test ends them."""
    made = Emr(tmp_path / "state")
    yield made
    made.control.close()
