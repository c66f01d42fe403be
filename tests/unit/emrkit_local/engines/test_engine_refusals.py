"""Places that local EMR does not have."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emrkit_local import client, environments
from emrkit_local.core.ports import Refusal
from emrkit_local.engines.arguments import parse_submit
from emrkit_local.engines.executor import EngineSettings, LocalExecutor
from emrkit_model.diagnostics import EmrkitError


@pytest.mark.parametrize("place", ["hdfs:///var/log/spark/apps", "hdfs:/logs"])
def test_an_event_log_in_hdfs_is_refused_with_where_it_may_be(tmp_path: Path, place: str) -> None:
    executor = LocalExecutor(EngineSettings(cache=tmp_path / "c", buckets=tmp_path / "b", work=tmp_path / "w"))
    given: Any = SimpleNamespace(arguments=parse_submit(["--conf", f"spark.eventLog.dir={place}", "j.py"]))
    with pytest.raises(Refusal, match="s3://") as refused:
        executor._make_event_folder(given)
    assert refused.value.code == "E-ENG-010"
    executor.close()


def test_a_daemon_without_its_environment_says_what_prepares_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "find", lambda _: None)
    monkeypatch.setattr(environments, "prepare", lambda *_, **__: None)
    with pytest.raises(EmrkitError, match="emrkit local prepare") as raised:
        client.start(tmp_path / "state", tmp_path)
    assert raised.value.diagnostics[0].code == "E-LOC-003"
