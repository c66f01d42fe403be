"""`emrkit init`: all files or none, and the new project passes its own tests."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emrkit_jobs.cli.init import make_name, read_scaffold, write_files
from emrkit_jobs.run import deployment
from emrkit_jobs.run.synthesis import synthesize
from emrkit_model.diagnostics import EmrkitError

PATH = ":".join(p for p in sys.path if p)


def run(*command, cwd):
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": PATH, "HOME": str(cwd)},
        check=False,
    )


def emrkit(*arguments, cwd):
    return run("-c", "from emrkit_jobs.cli.main import main; main()", *arguments, cwd=cwd)


def files_in(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_new_project_is_valid_and_passes_its_own_tests(tmp_path):
    done = emrkit("init", "my-shop", "--output", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "my-shop"
    assert json.loads(done.stdout)["project"] == "my-shop"
    assert {"emrkit.yaml", "app.py", "cdk.json", ".gitignore", "jobs/orders/job.py"} <= set(files_in(folder))
    assert "PROJECT" not in "".join(p.read_text() for p in folder.rglob("*") if p.is_file())
    valid = emrkit("validate", "--strict", cwd=folder)
    assert valid.returncode == 0, valid.stderr
    tests = run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    assert tests.returncode == 0, tests.stdout


@pytest.fixture
def project(tmp_path):
    """A new project whose text may be changed before it is synthesized."""
    files = read_scaffold()
    changed = {path: text.replace("PROJECT", "shop").replace("RELEASE", "emr-7.12.0") for path, text in files}
    write_files(tmp_path / "shop", changed)
    return tmp_path / "shop"


def test_a_new_project_tells_what_its_network_refuses_and_where_it_is_made(project, tmp_path):
    source = project / "app.py"
    text = source.read_text().replace('emr.Network(self, "Network",', 'emr.Network(self, "Network", zones=99,')
    source.write_text(text)
    with pytest.raises(EmrkitError) as caught:
        synthesize(project, "local", tmp_path / "out")
    assert "E-NET-017" in {d.code for d in caught.value.diagnostics}
    line = next(n for n, words in enumerate(text.splitlines(), 1) if "zones=99" in words)
    assert {str(d.location) for d in caught.value.diagnostics} == {f"app.py:{line}:1"}


def test_a_cluster_of_a_new_project_may_have_any_name_and_is_replaced_by_it(project, tmp_path):
    names = ["main", "foundation", "Network", "security", "contract", "clusters", "my-net_1", "x-generation", "x"]
    file = project / "emrkit.yaml"
    text = file.read_text()
    shape = "{release: emr-7.12.0, applications: [Spark], primary: {on_demand: [m6g.xlarge]}}"
    more = "".join(f"  {name}: {shape}\n" for name in names if name != "main")
    file.write_text(text.replace("clusters:\n", f"clusters:\n{more}"))
    stacks = synthesize(project, "local", tmp_path / "out")
    [stack] = stacks
    made = [r["Properties"] for r in stack.template["Resources"].values() if r["Type"] == "AWS::EMR::Cluster"]
    assert len(made) == len(names)
    generations = deployment._generations(stacks, names)
    assert len(generations) == len(names)
    for name in generations:
        assert {"Ref": name.partition(":")[2]} in [part for each in made for part in each["Name"]["Fn::Join"][1]]


def test_an_empty_folder_is_filled_in_place(tmp_path):
    assert emrkit("init", "--name", "shop", cwd=tmp_path).returncode == 0
    assert (tmp_path / "emrkit.yaml").is_file()


def test_refuses_a_folder_that_holds_files(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = emrkit("init", "--name", "shop", cwd=tmp_path)
    assert done.returncode == 2
    assert "E-CLI-021" in done.stderr
    assert files_in(tmp_path) == ["notes.txt"]


def test_force_never_overwrites(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    done = emrkit("init", "--name", "shop", "--force", cwd=tmp_path)
    assert done.returncode == 0
    assert "kept README.md" in done.stderr
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "emrkit.yaml").is_file()


@pytest.mark.parametrize("name", ["My Shop", "a", "1shop", "shop_1", "x" * 40, "-shop", "shop-"])
def test_refuses_a_name_that_stacks_cannot_carry(tmp_path, name):
    done = emrkit("init", "new", "--name", name, cwd=tmp_path)
    assert done.returncode == 2
    assert files_in(tmp_path) == []


def test_refuses_a_file_as_folder(tmp_path):
    (tmp_path / "new-shop").write_text("x")
    assert emrkit("init", "new-shop", cwd=tmp_path).returncode == 2


def test_a_failure_in_the_middle_leaves_nothing(tmp_path):
    with pytest.raises(OSError):
        write_files(tmp_path / "new", {"a/b.txt": "x", "c.txt": "y", "c.txt/d.txt": "cannot be"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_without_the_right_to_write_is_one_clear_error(tmp_path):
    tmp_path.chmod(0o500)
    done = emrkit("init", "new", cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("folder", "name"), [("My Shop_2", "my-shop-2"), ("2024 sales", "sales"), ("é", ""), ("a" * 50, "a" * 32)]
)
def test_a_name_is_made_of_the_folders(folder, name):
    assert make_name(folder) == name


def test_the_scaffold_holds_no_compiled_files():
    assert not [name for name, _ in read_scaffold() if name.endswith(".pyc") or "__pycache__" in name]
    assert all(Path(name).parts for name, _ in read_scaffold())


def test_the_wheel_carries_all_that_a_new_project_needs(tmp_path):
    import zipfile

    root = Path(__file__).parents[2]
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    third_party = [p for p in sys.path if p.endswith("site-packages")]

    def from_wheel(*command, cwd):
        return subprocess.run(
            [sys.executable, "-P", *command],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=120,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join([str(site), *third_party]), "HOME": str(tmp_path)},
            check=False,
        )

    where = from_wheel("-c", "import emrkit_jobs; print(emrkit_jobs.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(str(site)), where.stderr
    made = from_wheel("-c", "from emrkit_jobs.cli.main import main; main()", "init", "my-shop", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    expected = sorted(name for name, _ in read_scaffold())
    assert files_in(tmp_path / "my-shop") == expected
    tests = from_wheel("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path / "my-shop")
    assert tests.returncode == 0, tests.stdout
