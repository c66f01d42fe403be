"""Fault rules: which request is hit, and what a wrong rule is told."""

from __future__ import annotations

import pytest

from emrkit_local.faults import FaultBook, read_rule
from emrkit_local.host.operations import name_request

RUN = "elasticmapreduce:RunJobFlow"


def test_hits_the_nth_matching_request_and_no_other() -> None:
    book = FaultBook()
    number = book.add(read_rule({"match": RUN, "let_pass": 2, "times": 1, "then": {"drop": True}}))
    hits = [book.record(o) is not None for o in (RUN, "s3:PutObject", RUN, RUN, RUN)]
    assert hits == [False, False, False, True, False]
    assert book.rules()[0] | {"number": number} == book.rules()[0]
    assert (book.rules()[0]["seen"], book.rules()[0]["hits"]) == (4, 1)


def test_times_null_hits_for_ever_until_cleared() -> None:
    book = FaultBook()
    book.add(read_rule({"match": "s3:*", "times": None, "then": {"error": {"status": 503, "code": "SlowDown"}}}))
    assert all(book.record("s3:GetObject") for _ in range(20))
    book.clear()
    assert book.record("s3:GetObject") is None


def test_counts_every_request_and_forgets_on_demand() -> None:
    book = FaultBook()
    for _ in range(3):
        book.record(RUN)
    assert book.requests()["counts"] == {RUN: 3}
    book.forget_requests()
    assert book.requests() == {"counts": {}, "latest": []}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ([], "object"),
        ({"then": {"drop": True}}, "match"),
        ({"match": "*", "then": {}}, "exactly one"),
        ({"match": "*", "then": {"drop": True, "delay": 1}}, "exactly one"),
        ({"match": "*", "then": {"explode": True}}, "explode"),
        ({"match": "*", "when": "during", "then": {"drop": True}}, "before or after"),
        ({"match": "*", "times": -1, "then": {"drop": True}}, "times"),
        ({"match": "*", "lets_pass": 1, "then": {"drop": True}}, "lets_pass"),
        ({"match": "*", "then": {"error": {"status": 200}}}, "400"),
        ({"match": "*", "then": {"delay": "long"}}, "seconds"),
    ],
)
def test_a_wrong_rule_is_refused_in_its_own_words(rule: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_rule(rule)


AUTH = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host"


@pytest.mark.parametrize(
    ("method", "path", "query", "service", "more", "body", "name"),
    [
        ("POST", "/", "", "elasticmapreduce", {"x-amz-target": "ElasticMapReduce.RunJobFlow"}, b"{}", RUN),
        ("PUT", "/b/k", "", "s3", {}, b"", "s3:PutObject"),
        ("PUT", "/b/k", "x-id=PutObject", "s3", {}, b"", "s3:PutObject"),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", "s3", {}, b"", "s3:UploadPart"),
        ("GET", "/b", "list-type=2&prefix=a", "s3", {}, b"", "s3:ListObjectsV2"),
        ("PUT", "/b", "versioning=", "s3", {}, b"", "s3:PutBucketVersioning"),
        ("POST", "/b", "delete=", "s3", {}, b"", "s3:DeleteObjects"),
        (
            "POST",
            "/",
            "",
            "cloudformation",
            {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
            b"Action=DescribeStacks&Version=2010-05-15",
            "cloudformation:DescribeStacks",
        ),
    ],
)
def test_names_a_request_by_service_and_operation(
    method: str, path: str, query: str, service: str, more: dict[str, str], body: bytes, name: str
) -> None:
    found = name_request(method, path, query, {"authorization": AUTH.format(service), **more}, body)
    assert (str(found), found.access_key, found.region) == (name, "000000000000", "eu-west-1")
