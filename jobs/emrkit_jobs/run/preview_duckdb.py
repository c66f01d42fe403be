"""Prints the first rows of a folder of Parquet or CSV files as JSON, through DuckDB: arguments FOLDER ROWS."""

import json
import sys
from pathlib import Path


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    import duckdb

    kinds = {p.suffix for p in folder.rglob("*.*") if not p.name.startswith(("_", "."))}
    kind = "parquet" if ".parquet" in kinds else "csv"
    reader = f"read_{kind}(?, hive_partitioning = true)"
    place = str(folder / "**" / f"*.{kind}")
    connection = duckdb.connect()
    found = connection.execute(f"SELECT * FROM {reader} LIMIT {count}", [place])  # noqa: S608 - both are our own words
    columns = [column[0] for column in found.description or []]
    rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    counted = connection.execute(f"SELECT count(*) FROM {reader}", [place]).fetchone()  # noqa: S608 - same
    json.dump({"columns": columns, "rows": rows, "total": counted[0] if counted else 0}, sys.stdout, default=str)


if __name__ == "__main__":
    main()
