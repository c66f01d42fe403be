"""What is said of a project file names its own words, and what to write in their place."""

from __future__ import annotations

import pytest

from emrkit_jobs.bundle.project import load
from emrkit_model.diagnostics import EmrkitError
from tests.unit.emrkit_jobs.bundle.project_files import BASE, change

CORE = "{on_demand: [r5.xlarge], capacity: 4}"


def said(folder):
    with pytest.raises(EmrkitError) as caught:
        load(folder).for_target("local")
    return caught.value.diagnostics


@pytest.mark.parametrize(
    ("core", "summaries"),
    [
        ("{on_demand: [r5.xlarge], capacity: two}", ["'capacity' must be a whole number"]),
        (
            "{spot: [r5.xlarge], capacity: two, on_demand_capacity: three}",
            ["'capacity' must be a whole number", "'on_demand_capacity' must be a whole number"],
        ),
        ("{on_demand: {a: b}}", ["'on_demand' must be a list"]),
        ("{spot: [[r5.xlarge]], capacity: 2}", ["'spot[0]' must be a map"]),
        ("{capacity: 2}", ["'on_demand' is missing"]),
        ("{capacity: 2, on_demand_capacity: 1}", ["'spot' is missing"]),
        ("{group: [r5.xlarge]}", ["'group' must be text"]),
        (
            "{on_demand: [{type: r5.xlarge, configurations: [{Classification: [a], Properties: 3}]}]}",
            ["'Classification' must be text", "'Properties' must be a map of names to values"],
        ),
    ],
)
def test_an_error_names_the_field_by_the_files_word(project, core, summaries):
    found = said(project(change(CORE, core)))
    assert sorted(d.summary for d in found) == sorted(summaries)
    for d in found:
        assert d.summary.startswith(f"'{d.path[-1]}'") or isinstance(d.path[-1], int)


@pytest.mark.parametrize(
    ("core", "place"),
    [
        ("{on_demand: [r5.xlrge]}", ("on_demand", 0)),
        ("{spot: [{type: r5.xlrge}], capacity: 1}", ("spot", 0, "type")),
    ],
)
def test_a_warning_stands_at_the_files_word_and_at_the_value_itself(project, core, place):
    text = change(CORE, core)
    found = [d for d in load(project(text)).for_target("local").warnings if d.code == "W-FLEET-015"]
    assert found[0].path == ("clusters", "etl", "core", *place)
    line = text.splitlines()[found[0].location.line - 1]
    assert line[found[0].location.column - 1 :].startswith("r5.xlrge")


@pytest.mark.parametrize(
    ("old", "new", "role"),
    [
        ("{on_demand: [m5.xlarge]}", "m5.xlarge", "primary"),
        ("{on_demand: [m5.xlarge]}", "[m5.xlarge]", "primary"),
        (CORE, "m5.xlarge", "core"),
        (CORE, "[m5.xlarge]", "core"),
        (CORE, f"{CORE}\n    task: m5.xlarge", "task"),
    ],
)
def test_nodes_that_are_a_name_alone_are_told_what_to_write(project, old, new, role):
    (found,) = said(project(change(old, new)))
    assert found.path[-1] == role
    assert "`{on_demand: [m5.xlarge]}` or `{group: m5.xlarge}`" in found.hint


def test_a_fleet_and_a_group_at_once_is_said_as_that(project):
    found = said(project(change(CORE, "{group: r5.xlarge, on_demand: [r5.xlarge], capacity: 2, count: two}")))
    assert [d.code for d in found] == ["E-GROUP-027", "E-GROUP-003"]
    assert found[0].summary == "a fleet and a group exclude each other"


@pytest.mark.parametrize(
    ("core", "word"),
    [("{group: r5.xlarge, capacity: 2}", "`count`"), ("{on_demand: [r5.xlarge], count: 2}", "`capacity`")],
)
def test_the_word_of_a_fleet_in_a_group_and_the_other_way_round_is_named(project, core, word):
    found = [d for d in said(project(change(CORE, core))) if d.summary.startswith("unknown key")]
    assert word in found[0].hint


def test_rules_of_scaling_for_the_whole_cluster_are_sent_to_a_group(project):
    (found,) = said(project(change("maximum: 10}", "maximum: 10, rules: []}")))
    assert found.hint.startswith("automatic scaling belongs to a group")


def test_a_command_that_is_no_list_is_told_what_it_is(project):
    (found,) = said(project(BASE[: BASE.index("        spark:")] + "        command: ls\n"))
    assert found.summary == "'steps[0]' must have a map under `command`, or a list of words"
