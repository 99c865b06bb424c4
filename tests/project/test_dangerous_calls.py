"""No shell, no code from text, no format that can run code, in anything that is installed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_MODULES = sorted([*(_ROOT / "agent").rglob("*.py"), *(_ROOT / "ctl").rglob("*.py")])
_FORMATS = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "code", "codeop", "commands"}
_BUILT_IN = {"eval", "exec", "compile", "__import__"}
_OF_MODULES = {
    *(("os", name) for name in ("system", "popen", "spawnl", "spawnlp", "spawnv", "spawnvp")),
    ("subprocess", "getoutput"),
    ("subprocess", "getstatusoutput"),
    ("pty", "spawn"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
}
_SAFE_LOADERS = {"BaseLoader", "CBaseLoader", "SafeLoader", "CSafeLoader"}


_FASTER_ONE = re.compile(r"getattr\(yaml, 'C(?:Base|Safe)Loader', yaml\.(?:Base|Safe)Loader\)")


_NAMES = "|".join(sorted({name for _, name in _OF_MODULES} | {"load", "load_all"}))
_OWNERS = "|".join(sorted({module for module, _ in _OF_MODULES}))
_SUSPICIOUS = re.compile(
    rf"(?:^|;)\s*(?:from|import)\s[^#\n]*(?<![.\w])(?:{'|'.join(sorted(_FORMATS))})\b"
    rf"|from\s+(?:{_OWNERS})\s+import\b|\b(?:{_OWNERS})\.(?:{_NAMES})\b"
    rf"|(?<![.\w])(?:{'|'.join(sorted(_BUILT_IN))})\s*\(|\bshell\s*=",
    re.MULTILINE,
)
"""What every danger has in its text; to look at the syntax of all modules takes long."""


def dangers(source: str) -> Iterator[str]:
    if not _SUSPICIOUS.search(source):
        return
    tree = ast.parse(source)
    loaders = _SAFE_LOADERS | set(_safe_names(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.split(".")[0] in _FORMATS)
            case ast.ImportFrom(module=str(module), names=names):
                if module.split(".")[0] in _FORMATS:
                    yield module
                yield from (one.name for one in names if (module, one.name) in _OF_MODULES)
            case ast.Call(func=ast.Name(id=name)) if name in _BUILT_IN:
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), keywords=keys):
                yield from _of_call(module, name, keys, loaders)
            case ast.Call(keywords=keys):
                yield from _shells(keys)


def _safe_names(tree: ast.Module) -> Iterator[str]:
    """Give the names that stand for a loader which makes plain data only."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if _FASTER_ONE.fullmatch(ast.unparse(value)):
                    yield name


def _of_call(
    module: str, name: str, keys: list[ast.keyword], safe_loaders: set[str]
) -> Iterator[str]:
    if (module, name) in _OF_MODULES:
        yield f"{module}.{name}"
    if (module, name) in {("yaml", "load"), ("yaml", "load_all")}:
        given = {
            ast.unparse(one.value).removeprefix("yaml.") for one in keys if one.arg == "Loader"
        }
        if not safe_loaders & given:
            yield f"yaml.{name}"
    yield from _shells(keys)


def _shells(keys: list[ast.keyword]) -> Iterator[str]:
    for key in keys:
        is_false = isinstance(key.value, ast.Constant) and not key.value.value
        if key.arg == "shell" and not is_false:
            yield "shell="


def test_nothing_is_run_that_came_as_text() -> None:
    assert len(_MODULES) > 200
    found = {path: list(dangers(path.read_text(encoding="utf-8"))) for path in _MODULES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from marshal import loads",
        "from os import system",
        "from os import (\n    path,\n    system,\n)",
        "import json, pickle",
        "if True:\n    import code",
        "import os; os.system('x')",
        "import subprocess; subprocess.run('x', shell=True)",
        "run('x', shell=flag)",
        "eval('1')",
        "import yaml; yaml.load(text)",
        "import yaml; yaml.load(text, Loader=yaml.Loader)",
        "import yaml; loader = yaml.Loader; yaml.load(text, Loader=loader)",
    ],
)
def test_each_danger_is_found(source: str) -> None:
    assert list(dangers(source))
