"""Random steps of every kind, valid by construction, each in the form of a project file; and bootstrap actions."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.random_ground import NAMES, Plain, composite, pick, role, some

__all__ = ["bootstrap_actions", "steps"]

_WORDS = st.lists(st.one_of(st.text("a -é", max_size=4), st.integers(0, 99), st.booleans()), max_size=3)
_SETTINGS = st.dictionaries(NAMES.map(lambda name: f"spark.x.{name}"), st.one_of(st.integers(0, 9), NAMES), max_size=2)
_FILES = st.lists(NAMES.map(lambda name: f"s3://code/{name}.zip"), min_size=1, max_size=2)


@composite
def _spark(draw: st.DrawFn) -> Plain:
    jar = draw(st.booleans())
    found: Plain = {"entry_point": "s3://code/job.jar" if jar else "s3://code/job.py"}
    if jar:
        found["main_class"] = "com.example.Job"
    lists = dict.fromkeys(("py_files", "files", "archives", "jars"), _FILES)
    return found | pick(
        draw, {"args": _WORDS, "conf": _SETTINGS, "deploy_mode": st.sampled_from(["cluster", "client"]), **lists}
    )


@composite
def _sql(draw: st.DrawFn) -> Plain:
    what = draw(st.sampled_from([{"file": "s3://code/report.sql"}, {"query": "select '${day}'"}]))
    return what | pick(draw, {"variables": st.just({"day": "2026-01-01"}), "conf": _SETTINGS, "database": NAMES})


_KINDS: tuple[tuple[str, st.SearchStrategy[object]], ...] = (
    ("spark", _spark()),
    ("spark-sql", _sql()),
    ("command", _WORDS.map(lambda words: {"command": ["hdfs", *words]})),
    ("script", some({"args": _WORDS}, script=st.just("s3://code/run.sh"))),
    (
        "jar",
        some(
            {"args": _WORDS, "main_class": st.just("com.example.Main"), "properties": st.just({"user.home": "/tmp"})},
            jar=st.just("s3://code/tool.jar"),
        ),
    ),
)


@composite
def steps(draw: st.DrawFn, *, of_a_stack: bool, at_once: int) -> list[Plain]:
    """Up to three steps; those of a stack neither end their cluster nor have a role of their own.

    Where several run `at_once`, one that fails stops no other.
    """
    found: list[Plain] = []
    actions = ["continue"] if at_once > 1 else ["stop", "continue", *([] if of_a_stack else ["terminate"])]
    for number in range(draw(st.integers(0, 3))):
        kind, own = draw(st.sampled_from(_KINDS))
        shared: dict[str, st.SearchStrategy[object]] = {
            "needs": st.just([row["name"] for row in found[:1]]),
            "timeout": st.sampled_from([90, "30m"]),
            "on_failure": st.sampled_from(actions),
        }
        if not of_a_stack:
            shared["execution_role"] = NAMES.map(role)
        label = draw(st.text("abc é/-", min_size=1, max_size=6))
        found.append({"name": f"{label} {number}", kind: draw(own), **pick(draw, shared)})
    return found


@composite
def bootstrap_actions(draw: st.DrawFn) -> list[Plain]:
    """Up to sixteen scripts below keys that name their content."""
    number = draw(st.sampled_from([1, 1, 2, 2, 3, 16]))
    return [
        {"name": f"action {n}", "path": f"s3://scripts/{n:064x}/run.sh", **pick(draw, {"args": _WORDS})}
        for n in range(number)
    ]
