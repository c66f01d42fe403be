"""What EMR needs of a network, by Region and release."""

from __future__ import annotations

import pytest

from emrkit_facts import networking


def names(region: str, *releases: str, known: bool = True) -> dict[str, tuple[str, ...]]:
    return {g.kind: g.buckets for g in networking.bucket_grants(region, releases=releases, known_region=known)}


@pytest.mark.parametrize(
    ("release", "repository"),
    [
        ("emr-5.29.0", "repo.eu-west-1.amazonaws.com"),
        ("emr-6.15.0", "amazonlinux-2-repos-eu-west-1"),
        ("emr-7.0.0", "al2023-repos-eu-west-1-de612dc2"),
    ],
)
def test_a_release_installs_from_the_repositories_of_its_own_linux(release: str, repository: str):
    linux = {
        "repo.eu-west-1.amazonaws.com",
        "packages.eu-west-1.amazonaws.com",
        "amazonlinux.eu-west-1.amazonaws.com",
        "amazonlinux-2-repos-eu-west-1",
        "al2023-repos-eu-west-1-de612dc2",
    }
    found = linux & set(names("eu-west-1", release)["repositories"])
    assert repository in found
    assert found != linux


def test_without_a_release_every_linux_up_to_7_is_there_and_nothing_of_8():
    found = names("eu-west-1")["repositories"]
    assert {"packages.eu-west-1.amazonaws.com", "al2023-repos-eu-west-1-de612dc2"} <= set(found)
    assert not [name for name in found if "instance-data" in name]


def test_a_release_that_nobody_knows_gets_everything():
    assert {"packages.eu-west-1.amazonaws.com", "aws157-instance-data-0-prod-eu-west-1"} <= set(
        names("eu-west-1", "latest")["repositories"]
    )


def test_newer_releases_read_their_instance_data_which_sydney_names_otherwise():
    assert "aws157-instance-data-1-prod-eu-west-1" in names("eu-west-1", "emr-spark-8.0.0")["repositories"]
    sydney = names("ap-southeast-2", "emr-spark-8.0.0")["repositories"]
    assert "aws157-instance-data-bucket-0-prod-ap-southeast-2" in sydney
    assert "aws157-instance-data-0-prod-ap-southeast-2" not in sydney


def test_the_first_region_names_its_log_bucket_otherwise_and_a_stack_without_region_has_both():
    assert names("us-east-1")["logs"] == ("aws157-logs-prod",)
    assert names("eu-west-1")["logs"] == ("aws157-logs-prod-eu-west-1",)
    assert names("REGION", known=False)["logs"] == ("aws157-logs-prod-REGION", "aws157-logs-prod")


def test_the_buckets_of_china_are_spelled_with_both_domains():
    found = names("cn-north-1", "emr-7.1.0")["repositories"]
    assert {"repo.cn-north-1.emr.amazonaws.com", "repo.cn-north-1.emr.amazonaws.com.cn"} <= set(found)
    assert not [n for n in names("us-gov-west-1")["repositories"] if n.endswith(".cn")]


def test_only_history_and_logs_are_written_to():
    writers = {
        grant.kind
        for grant in networking.bucket_grants("eu-west-1")
        if any(action.startswith("s3:Put") for action in grant.actions)
    }
    assert writers == {"history", "logs"}


def test_a_release_before_5_25_has_no_history():
    assert set(names("eu-west-1", "emr-5.20.0")) == {"repositories", "logs"}


def test_every_need_of_an_endpoint_says_why_and_where_it_stands():
    for need in networking.endpoint_needs():
        assert need.why
        assert need.page.startswith("https://docs.aws.amazon.com/")
        assert not networking.needs_private_dns_off(need.service)


@pytest.mark.parametrize("service", ["s3", "kms", "glue", "elasticmapreduce", "secretsmanager"])
def test_endpoints_of_govcloud_are_named_as_everywhere(service: str):
    assert networking.endpoint_service(service, "us-gov-east-1") == f"com.amazonaws.us-gov-east-1.{service}"
