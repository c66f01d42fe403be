"""Public names of a package that are loaded on first use: what nobody asks for is not imported.

Page: https://peps.python.org/pep-0562/
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

__all__ = ["export"]


def export(
    package: str, homes: Mapping[str, Sequence[str]], modules: Sequence[str] = ()
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package: `homes` says which module has which names.

    Type checkers read the same names from imports under `TYPE_CHECKING`.

    Args:
        package: The package's own name.
        homes: A module, in full or relative (`.cluster`), and the names that it gives.
        modules: Modules of the package that are public as they are.

    Example: `__getattr__, __dir__ = export(__name__, {".cluster_roles": ("Roles",)})`
    """
    home_of = {name: module for module, names in homes.items() for name in names}

    def load(name: str) -> object:
        if name in modules:
            return import_module(f".{name}", package)
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(home_of[name], package), name)
        setattr(sys.modules[package], name, value)  # asked once
        return value

    def names() -> list[str]:
        return sorted([*home_of, *modules])

    return load, names
