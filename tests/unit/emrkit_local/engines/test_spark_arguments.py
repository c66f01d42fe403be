"""spark-submit's grammar, and what is changed so that one machine can do it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from emrkit_local.core.ports import Classification, Refusal
from emrkit_local.engines.arguments import concerns_jvm, parse_sql, parse_submit
from emrkit_local.engines.executor import heap_megabytes
from emrkit_local.engines.slots import why_not_warm
from emrkit_local.engines.submission import Submission, check_master, prepare_submission, unpack_archives

STORAGE = {"spark.hadoop.fs.emrkit.root": "/b", "spark.hadoop.fs.s3.impl": "emrkit.BucketFileSystem"}


def prepared(*words: str, classifications: tuple[Classification, ...] = ()) -> Submission:
    return prepare_submission(parse_submit(words), classifications, cores=2, storage=STORAGE, events=Path("/events"))


def test_the_application_ends_the_options() -> None:
    given = parse_submit(["--conf", "a=b c", "--verbose", "--name=x y", "s3://b/job.py", "--conf", "mine", 'é $ "'])
    assert given.options == (("--conf", "a=b c"), ("--verbose", None), ("--name", "x y"))
    assert given.application == "s3://b/job.py"
    assert given.arguments == ("--conf", "mine", 'é $ "')


def test_words_survive_the_round_trip() -> None:
    words = ["--conf", "spark.x=a=b", "--py-files", "s3://b/a.zip", "s3://b/job.py", "one", "--two", ""]
    assert parse_submit(words).words() == words


def test_an_unknown_option_is_left_for_spark_to_refuse() -> None:
    assert parse_submit(["--nonsense", "job.py"]).words() == ["--nonsense", "job.py"]


def test_spark_sql_tells_its_own_options_from_those_of_spark_submit() -> None:
    given = parse_sql(["--conf", "a=b", "-d", "x=1", "-f", "s3://b/q.sql", "--master", "yarn"])
    assert given.options == (("--conf", "a=b"), ("--master", "yarn"))
    assert given.arguments == ("-d", "x=1", "-f", "s3://b/q.sql")
    assert given.application == "spark-internal"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--driver-memory", "2g", "j.py"], "--driver-memory"),
        (["--conf", "spark.driver.memory=2g", "j.py"], "spark.driver.memory"),
        (["--conf", "spark.driver.extraJavaOptions=-Dx", "j.py"], "spark.driver.extraJavaOptions"),
        (["--properties-file", "p", "j.py"], "--properties-file"),
        (["--executor-memory", "4g", "--conf", "spark.sql.x=1", "j.py"], None),
        (["j.py", "--driver-memory", "2g"], None),
    ],
)
def test_options_of_the_jvm_itself_are_recognised(words: list[str], cause: str | None) -> None:
    assert concerns_jvm(parse_submit(words)) == cause


def test_yarn_becomes_this_machine_and_the_controller_says_so() -> None:
    done = prepared("--master", "yarn", "--deploy-mode", "cluster", "s3://b/j.py")
    assert done.arguments.value("--master") == "local[2]"
    assert done.arguments.value("--deploy-mode") is None
    assert done.cluster_mode
    assert any("yarn" in note for note in done.notes)
    assert any("containers/" in note for note in done.notes)


def test_a_local_master_is_kept() -> None:
    assert prepared("--master", "local[4]", "j.py").arguments.value("--master") == "local[4]"


def test_defaults_of_the_cluster_come_first_and_the_step_wins() -> None:
    defaults = Classification("spark-defaults", {"spark.sql.shuffle.partitions": "7", "spark.serializer": "K"})
    done = prepared("--conf", "spark.sql.shuffle.partitions=3", "j.py", classifications=(defaults,))
    assert done.arguments.conf["spark.sql.shuffle.partitions"] == "3"
    assert done.arguments.conf["spark.serializer"] == "K"


def test_a_driver_sized_for_a_cluster_is_left_out_and_named() -> None:
    defaults = Classification("spark-defaults", {"spark.driver.memory": "16g"})
    done = prepared("j.py", classifications=(defaults,))
    assert "spark.driver.memory" not in done.arguments.conf
    assert any("spark.driver.memory=16g" in note for note in done.notes)


def test_what_names_an_s3_implementation_is_overridden_and_named() -> None:
    core = Classification(
        "core-site",
        {
            "fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "fs.s3a.aws.credentials.provider": "com.amazonaws.auth.DefaultAWSCredentialsProviderChain",
            "fs.s3a.block.size": "134217728",
        },
    )
    done = prepared("--conf", "spark.hadoop.fs.s3.impl=x.Y", "j.py", classifications=(core,))
    assert done.arguments.conf["spark.hadoop.fs.s3.impl"] == "emrkit.BucketFileSystem"
    assert "spark.hadoop.fs.s3a.impl" not in done.arguments.conf
    assert "spark.hadoop.fs.s3a.aws.credentials.provider" not in done.arguments.conf
    assert done.arguments.conf["spark.hadoop.fs.s3a.block.size"] == "134217728"
    [note] = [n for n in done.notes if "overridden" in n]
    assert "spark.hadoop.fs.s3a.impl" in note
    assert "spark.hadoop.fs.s3.impl" in note


def test_exported_variables_and_the_masters_environment_reach_the_driver() -> None:
    exported = Classification("spark-env", {}, (Classification("export", {"MODE": '"x"', "PYSPARK_PYTHON": "/p"}),))
    done = prepared("--conf", "spark.yarn.appMasterEnv.PLACE=here", "j.py", classifications=(exported,))
    assert done.environment == {"MODE": "x", "PLACE": "here"}


def test_archives_are_unpacked_under_their_alias(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with tarfile.open(tmp_path / "b" / "env.tar.gz", "w:gz") as packed:
        info = tarfile.TarInfo("bin/tool")
        info.size = 2
        packed.addfile(info, io.BytesIO(b"hi"))
    given = parse_submit(["--archives", "s3://b/env.tar.gz#environment", "j.py"])
    step = tmp_path / "step"
    step.mkdir()
    unpack_archives(given, step, tmp_path)
    assert (step / "environment" / "bin" / "tool").read_bytes() == b"hi"


def test_an_archive_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"s3://b/none\.zip") as refused:
        unpack_archives(parse_submit(["--archives", "s3://b/none.zip", "j.py"]), tmp_path, tmp_path)
    assert refused.value.code == "E-ENG-004"


def test_an_archive_that_escapes_its_folder_is_stopped(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("../../outside"), io.BytesIO(b""))
    step = tmp_path / "step"
    step.mkdir()
    with pytest.raises(Refusal, match="outside") as refused:
        unpack_archives(parse_submit(["--archives", f"{tmp_path}/bad.tar.gz#x", "j.py"]), step, tmp_path)
    assert refused.value.code == "E-ENG-011"
    assert list(step.rglob("outside")) == []


def test_a_packed_environment_may_point_at_the_machines_interpreter(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "env.tar.gz", "w:gz") as packed:
        link = tarfile.TarInfo("bin/python")
        link.type, link.linkname = tarfile.SYMTYPE, "/usr/bin/python3"
        packed.addfile(link)
    step = tmp_path / "step"
    step.mkdir()
    unpack_archives(parse_submit(["--archives", f"{tmp_path}/env.tar.gz#environment", "j.py"]), step, tmp_path)
    assert (step / "environment" / "bin" / "python").readlink() == Path("/usr/bin/python3")


@pytest.mark.parametrize(
    "line",
    [
        'SparkSession.builder.master("yarn").getOrCreate()',
        'SparkConf().setMaster("yarn-client")',
        'SparkSession.builder.config("spark.master", "yarn")',
    ],
)
def test_code_that_sets_yarn_as_its_master_is_refused_before_it_hangs(tmp_path: Path, line: str) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "job.py").write_text(f"\n{line}\n")
    with pytest.raises(Refusal, match="line 2") as refused:
        check_master(parse_submit(["s3://code/job.py"]), tmp_path, tmp_path)
    assert refused.value.code == "E-ENG-003"


@pytest.mark.parametrize("line", ['b.master("local[2]")', 'print("yarn")', "def broken(:"])
def test_other_code_is_left_to_spark(tmp_path: Path, line: str) -> None:
    (tmp_path / "job.py").write_text(line)
    check_master(parse_submit(["job.py"]), tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("words", "megabytes"),
    [
        (["j.py"], 1024),
        (["--driver-memory", "2g", "j.py"], 2048),
        (["--conf", "spark.driver.memory=512m", "j.py"], 512),
        (["--driver-memory", "1GB", "j.py"], 1024),
        (["--driver-memory", "nonsense", "j.py"], 1024),
    ],
)
def test_the_heap_is_read_from_the_words(words: list[str], megabytes: int) -> None:
    assert heap_megabytes(parse_submit(words)) == megabytes


@pytest.mark.parametrize("word", ["nul\0", "😀", "x" * 70_000])
def test_words_outside_javas_string_format_go_cold(word: str) -> None:
    assert why_not_warm([word], {}) is not None
    assert why_not_warm(["plain é"], {"K": word}) is not None
    assert why_not_warm(["plain é"], {"K": "v"}) is None
