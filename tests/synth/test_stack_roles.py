"""What the roles mean: each may do what it is for, and pass exactly the role that it must pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.synth.assembly import Assembly, flat, policies

CLUSTERS = {"cluster": "EtlClusterRoles", "pipelines": "nightlyRoles"}


def roles(assembly: Assembly) -> dict[str, Any]:
    return assembly.all("AWS::IAM::Role")


def named(assembly: Assembly, start: str) -> tuple[str, Any]:
    ((name, role),) = [(n, r) for n, r in roles(assembly).items() if n.startswith(start)]
    return name, role


def passing(assembly: Assembly) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, role in roles(assembly).items():
        yield from ((name, s) for s in policies(role) if "iam:PassRole" in s["Action"])


def test_passing_a_role_is_pinned_to_one_role_and_one_service(each: Assembly) -> None:
    found = list(passing(each))
    assert len(found) == 4
    for name, statement in found:
        assert statement["Action"] == ["iam:PassRole"], name
        (resource,) = statement["Resource"]
        assert resource.startswith("<")
        assert resource.endswith(".Arn>")
        ((_, services),) = statement["Condition"].items()
        assert services["iam:PassedToService"] in ("ec2.amazonaws.com*", "elasticmapreduce.amazonaws.com*"), name


def test_the_service_role_passes_the_role_of_its_own_nodes_to_ec2(each: Assembly) -> None:
    for start in CLUSTERS.values():
        nodes, _ = named(each, f"{start}Nodes")
        _, service = named(each, f"{start}Service")
        (statement,) = [s for s in policies(service) if "iam:PassRole" in s["Action"]]
        assert statement["Resource"] == [f"<{nodes}.Arn>"]
        assert statement["Condition"] == {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}}


def test_the_service_role_has_the_scoped_policy_and_not_its_broad_forerunner(each: Assembly) -> None:
    attached = [flat(arn) for role in roles(each).values() for arn in role["Properties"].get("ManagedPolicyArns", [])]
    assert set(attached) == {"arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"}


def test_only_emr_in_this_account_assumes_the_service_role(each: Assembly) -> None:
    _, service = named(each, "EtlClusterRolesService")
    (trust,) = service["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "elasticmapreduce.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_an_instance_profile_is_named_as_its_role(each: Assembly) -> None:
    profiles = each.all("AWS::IAM::InstanceProfile")
    assert len(profiles) == 2
    for profile in (p["Properties"] for p in profiles.values()):
        (role,) = profile["Roles"]
        assert profile["InstanceProfileName"] == roles(each)[role["Ref"]]["Properties"]["RoleName"]


def test_the_names_of_roles_stay_below_iams_limit(each: Assembly) -> None:
    longest_region = "ap-southeast-1"
    for role in roles(each).values():
        if name := role["Properties"].get("RoleName"):
            assert len(flat(name).replace("<AWS::Region>", longest_region)) <= 64


def test_the_nodes_reach_buckets_by_name_and_the_key_and_nothing_else(each: Assembly) -> None:
    for start in CLUSTERS.values():
        _, nodes = named(each, f"{start}Nodes")
        assert nodes["Properties"].get("ManagedPolicyArns", []) == []
        for statement in policies(nodes):
            assert {a.split(":")[0] for a in statement["Action"]} <= {"s3", "kms"}
            assert "*" not in statement["Resource"]
            assert not {"s3:*", "s3:DeleteBucket", "s3:PutBucketPolicy", "kms:*"} & set(statement["Action"])


def test_the_nodes_only_write_logs_and_only_read_bundles(each: Assembly) -> None:
    _, nodes = named(each, "EtlClusterRolesNodes")
    by_place = {s["Resource"][0]: set(s["Action"]) for s in policies(nodes)}
    (logs,) = [actions for place, actions in by_place.items() if place.endswith("/logs/*")]
    (bundles,) = [actions for place, actions in by_place.items() if place.endswith("/bundles/*")]
    assert "s3:GetObject" not in logs
    assert bundles == {"s3:GetObject", "s3:GetObjectVersion"}


def test_a_jobs_declared_inputs_are_read_and_its_outputs_written(each: Assembly) -> None:
    _, nodes = named(each, "EtlClusterRolesNodes")
    by_place = {s["Resource"][0]: set(s["Action"]) for s in policies(nodes)}
    assert "s3:PutObject" not in by_place["arn:<AWS::Partition>:s3:::my-bucket/raw-data/*"]
    assert "s3:PutObject" in by_place["arn:<AWS::Partition>:s3:::my-bucket/processed-data/*"]


def test_the_pipeline_acts_on_clusters_and_passes_their_two_roles(each: Assembly) -> None:
    _, role = named(each, "Job")
    statements = list(policies(role))
    passed = {
        s["Resource"][0]: s["Condition"]["StringLike"]["iam:PassedToService"]
        for s in statements
        if "iam:PassRole" in s["Action"]
    }
    nodes, _ = named(each, "nightlyRolesNodes")
    service, _ = named(each, "nightlyRolesService")
    assert passed == {f"<{service}.Arn>": "elasticmapreduce.amazonaws.com*", f"<{nodes}.Arn>": "ec2.amazonaws.com*"}
    on_everything = {a for s in statements if s["Resource"] == ["*"] for a in s["Action"]}
    assert {a for a in on_everything if not a.startswith(("logs:", "xray:"))} == {"elasticmapreduce:RunJobFlow"}
