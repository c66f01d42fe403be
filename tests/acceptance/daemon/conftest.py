"""A daemon for a module, and as many more as a test starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emrkit_local import client, environments
from emrkit_local.folders import cache_folder
from tests.acceptance.daemon.calls import Start


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    if environments.find("daemon") is None:
        pytest.skip("the daemon's environment is not prepared")
    started: list[Path] = []

    def go(state: Path) -> client.Endpoint:
        started.append(state)
        return client.start(state, cache_folder())

    yield go
    for state in started:
        client.stop(state)


@pytest.fixture(scope="module")
def local(start: Start, tmp_path_factory: pytest.TempPathFactory) -> client.Endpoint:
    return start(tmp_path_factory.mktemp("host"))


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "local" in request.fixturenames:
        client.clear_faults(request.getfixturevalue("local"))
