"""What the programs import is what pyproject.toml declares, no less and no more."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import listsync
import listsyncctl

_ROOT = Path(__file__).parents[2]
_OUR_OWN = frozenset({"listsync", "listsyncctl"})
_IMPORTED_BY_OTHERS = {
    "setuptools": "undetected-chromedriver imports distutils, which Python 3.12 has no more",
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "uvloop": "uvicorn's loop, which it takes where it is installed",
}
"""What no line of ours imports, and why it is installed all the same."""
_IMPORT = re.compile(
    r"^( *)(?=from \S+ import |import \S+(?: as \w+)?(?:  #.*)?$)(?:from|import) (\w+)",
    re.MULTILINE,
)
"""One a line, as the linter wants it; parsing all of it would take two seconds."""


def _requirements(lines: list[str]) -> dict[str, Requirement]:
    found = map(Requirement, lines)
    return {canonicalize_name(one.name): one for one in found}


@cache
def _project() -> Mapping[str, list[str]]:
    """Read what pyproject.toml requires: by extra, and always ("")."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


@cache
def _imports() -> Mapping[str, set[tuple[str, bool]]]:
    """Find what others made and we import: by which files, and whether as soon as they are."""
    found: dict[str, set[tuple[str, bool]]] = {}
    for package in (listsync, listsyncctl):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for indent, name in _IMPORT.findall(path.read_text(encoding="utf-8")):
                if name not in sys.stdlib_module_names | _OUR_OWN:
                    found.setdefault(name, set()).add((path.name, not indent))
    return found


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def _distributions(module: str) -> set[str]:
    """Give what brings *module*; it is installed here, as each of them is."""
    return {canonicalize_name(one) for one in _installed()[module]}


def test_everything_that_is_imported_is_installed_with_the_programs() -> None:
    always = _requirements(_project()[""]).keys()
    optional = {
        name
        for extra, lines in _project().items()
        if extra not in {"", "dev"}
        for name in _requirements(lines)
    }
    missing = {
        module: sorted(importers)
        for module, importers in _imports().items()
        if not _distributions(module) & (always | optional)
    }
    assert not missing, f"imported, and no dependency: {missing}"


@pytest.mark.parametrize("extra", sorted(_project().keys() - {"", "dev"}))
def test_what_only_an_extra_brings_is_imported_when_it_is_used(extra: str) -> None:
    optional = _requirements(_project()[extra]).keys() - _requirements(_project()[""]).keys()
    users = {
        module: importers
        for module, importers in _imports().items()
        if _distributions(module) & optional
    }
    assert users, f"nothing imports what [{extra}] brings"
    at_once = [importer for found in users.values() for importer, at_once in found if at_once]
    assert not at_once


def test_every_dependency_is_imported_or_has_a_reason() -> None:
    imported = {name for module in _imports() for name in _distributions(module)}
    idle = _requirements(_project()[""]).keys() - imported - _IMPORTED_BY_OTHERS.keys()
    assert not idle, f"nothing imports: {', '.join(sorted(idle))}"


def test_every_requirement_is_pinned_as_it_was_tested() -> None:
    lines = (_ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = _requirements([line for line in lines if line and not line.startswith("#")])
    required = [one for lines in _project().values() for one in _requirements(lines).values()]
    unlike = [
        str(one)
        for one in required
        if one.marker is None or one.marker.evaluate()
        if (pin := pins.get(canonicalize_name(one.name))) is None
        or not one.specifier.contains(next(iter(pin.specifier)).version)
    ]
    assert unlike == []
