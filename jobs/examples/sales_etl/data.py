"""Writes the sample sales: `python data.py FOLDER [--rows N] [--seed N]`.

The same rows and seed give the same bytes everywhere. Amounts are whole quarters, which binary floating point holds
exactly, so that a sum does not depend on the order in which Spark adds.
"""

import argparse
import random
from datetime import date, timedelta
from pathlib import Path

CATEGORIES = ("books", "clothing", "electronics", "garden", "grocery", "music", "sports", "toys")
REGIONS = ("ap-south", "eu-central", "eu-west", "sa-east", "us-east", "us-west")
STATUSES = ("active", "active", "active", "cancelled", "pending")
HEADER = "order_id,order_date,customer_id,category,region,status,amount"
FIRST_DAY = date(2025, 1, 1)


def write_sales(folder: Path, rows: int, seed: int, files: int = 4) -> None:
    """Spread `rows` sales over `files` CSV files in `folder`."""
    chance = random.Random(seed)
    days = [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(365)]
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(files):
        lines = [HEADER]
        for order in range(part * rows // files, (part + 1) * rows // files):
            draw = chance.getrandbits(64)
            day, draw = days[draw % 365], draw // 365
            category, draw = CATEGORIES[draw % 8], draw // 8
            region, draw = REGIONS[draw % 6], draw // 6
            status, draw = STATUSES[draw % 5], draw // 5
            customer, draw = draw % 50_000, draw // 50_000
            quarters = 4 + draw % 4_000
            lines.append(f"{order},{day},{customer},{category},{region},{status},{quarters / 4:.2f}")
        (folder / f"sales-{part:02d}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20250101)
    options = parser.parse_args()
    write_sales(options.folder, options.rows, options.seed)


if __name__ == "__main__":
    main()
