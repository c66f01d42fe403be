"""Prints the first rows of a folder of Parquet, CSV or JSON files as JSON: `python preview_rows.py FOLDER ROWS`.

Runs with the Python of an engine environment, which may have pyarrow; it imports nothing of emrkit.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    from pyarrow import dataset  # pyright: ignore[reportMissingImports]

    data = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(("_", ".")))
    kind = next((p.suffix.lstrip(".") for p in data if p.suffix in (".parquet", ".csv", ".orc")), "parquet")
    table = dataset.dataset(str(folder), format=kind, partitioning="hive")
    rows = table.head(count)
    shown = [
        {key: value if isinstance(value, (int, float, bool, type(None))) else str(value) for key, value in row.items()}
        for row in rows.to_pylist()
    ]
    json.dump({"columns": rows.column_names, "rows": shown, "total": table.count_rows()}, sys.stdout)


if __name__ == "__main__":
    main()
