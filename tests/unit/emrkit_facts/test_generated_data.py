"""The packaged data is what the generator makes of the sources."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import emrkit_facts

FOLDER = Path(emrkit_facts.__file__).parent


def load_generator():
    spec = importlib.util.spec_from_file_location("facts_generator", FOLDER / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_data_equals_what_the_generator_makes_of_the_sources():
    documents = load_generator().documents()
    assert {path.name for path in (FOLDER / "data").iterdir()} == set(documents)
    for name, text in documents.items():
        assert (FOLDER / "data" / name).read_text(encoding="utf-8") == text, f"run generate.py: {name} differs"


def test_the_generator_is_deterministic():
    generator = load_generator()
    assert generator.documents() == generator.documents()


def test_every_table_names_its_page_and_its_date():
    import json

    for path in (FOLDER / "data").iterdir():
        table = json.loads(path.read_text(encoding="utf-8"))
        sources = table["sources"].values() if "sources" in table else [table]
        for source in sources:
            assert source["page"].startswith("https://docs.aws.amazon.com/")
            assert source["read"][:2] == "20"
