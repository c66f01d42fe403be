"""What emrkit can fetch: a recipe for each environment, read from the locks that ship with the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["RECIPES", "Recipe", "engine_for", "find_recipe"]

LOCKS = Path(__file__).parent / "locks"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One environment in the cache: locked packages for a range of Pythons, and npm packages where it has Node."""

    name: str
    purpose: str
    minimum_python: tuple[int, int]
    below_python: tuple[int, int]
    megabytes: int
    """About how large it is on disk."""
    npm: bool = False

    @property
    def lock(self) -> Path:
        """The hashed requirements."""
        return LOCKS / f"{self.name}.txt"

    @property
    def digest(self) -> str:
        """Changes with everything that is fetched, so that another lock never meets an older environment."""
        digest = hashlib.sha256(self.lock.read_bytes())
        if self.npm:
            digest.update((LOCKS / "package-lock.json").read_bytes())
        return digest.hexdigest()[:12]

    def versions(self) -> dict[str, str]:
        """Package → pinned version."""
        pins = (line.split(" ")[0] for line in self.lock.read_text("utf-8").splitlines() if "==" in line)
        return dict(pin.split("==", 1) for pin in pins)


RECIPES = (
    Recipe("node", "Node and the CDK CLI", (3, 11), (4, 0), 230, npm=True),
    Recipe("daemon", "the emulator that local EMR is built around", (3, 11), (4, 0), 110),
    # EMR's releases with Spark 3.5 run Python 3.9 and 3.11; its Python side also works up to 3.13 (with setuptools).
    Recipe("spark-3.5", "Spark 3.5 with its Java runtime, for emr-7.x", (3, 11), (3, 14), 720),
)


@cache
def find_recipe(name: str) -> Recipe | None:
    """The recipe with this name."""
    return next((r for r in RECIPES if r.name == name), None)


def engine_for(spark_line: str) -> Recipe | None:
    """The recipe whose engine serves this line of Spark (`"3.5"`), or None if there is none yet."""
    return find_recipe(f"spark-{spark_line}")
