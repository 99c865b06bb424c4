"""The shape of the whole tree: names, sizes, imports. What breaks it is named, the worst first."""

from __future__ import annotations

import ast
import gc
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import listsync
import listsyncctl

MOST_MODULES = 250
"""That hold more than a docstring, without those counted below; it only ever sinks."""
MOST_OF_HTTP = 37
MOST_OF_NOTIFICATIONS = 25
MOST_OF_RECORDS = 7
"""The log's file, the history log and statistics."""
MOST_OF_ARRIVING = 36
"""Secrets, the first start, logins, what is moved in from other programs, the doctor."""
MOST_OF_TRANSFERS = 66
"""Webhooks of imports, copies, mounts, media servers, jobs, and how people see them."""
MOST_OF_POSTGRES = 34
"""Triggers by NOTIFY, and several agents on one request server."""
MOST_OF_NEW_SERVICES = 35
"""The list services that came after the first seven, and what only they need."""
MOST_LINES = 400
MEDIAN_LINES, MOST_LINES_OF_NINE_TENTHS = 8, 20
"""Of a function, its signature and docstring included."""
MOST_ANY = 20
UNTYPED_BEFORE = ("listsync.commands", "listsync.control", "listsync.protocol", "listsyncctl")
_READS = {"decode", "convert", "Decoder"}
_READS_AS_TYPE = re.compile(r"type=|msgspec\.convert|msgspec\.json\.Decoder")
"""What the text of each has that reads as a type; to look at the syntax of all takes long."""
_SHOWN = 12
_OF_HTTP = re.compile(r"\.(web\b|feeds$|http_service$|http_options$|without_server$)")
_OF_NOTIFICATIONS = re.compile(
    r"\.(notify\b|notifications?$|notify_options$|outbox$|store\.messages$|domain\.message)"
)
_OF_RECORDS = re.compile(
    r"^listsync(ctl)?\.(?!web\b).*(log_file|history_(log|service)|statistics)$"
)
_OF_ARRIVING = re.compile(
    r"\.(secrets|importers)\b|\.cli\.(options|init|login|doctor|secret|imports|files|container)\w*$"
    r"|\.(doctor|original_lists|imported_titles|durations|other_names)\w*$"
    r"|\.config\.(list_entries|list_options|suggestions|settings_in_force)$|\.terminal\.table$"
    r"|\.(first_start|first_file)$"
)
_OF_TRANSFERS = re.compile(
    r"^listsync(ctl)?\.(?!notify\b).*\b(transfers\.[\w.]+"
    r"|(\w+_)?(jobs?|transfers?|transfer_\w+|scans|webhooks?|mapping)|webhook_\w+|job_\w+)$"
    r"|\.transfers$"
)
_OF_POSTGRES = re.compile(r"\b(postgres|fleet)(\.\w+)*$|\.(postgres|fleet|shared)_\w+$")
_OF_NEW_SERVICES = re.compile(
    r"\.mdblist\.account$|"
    r"\.providers\.(seerr|plex|simkl|custom|anilist|myanimelist|tvdb)\b|\banime_ids(\.\w+)?$"
    r"|\.parsing\.(kometa_lists|list_lines|list_shapes|anime_exports|address_filters|feed_items)$"
    r"|\.parsing\.(list_documents|kinds|error_answers|given_up|title_words|telling_lines)$"
    r"|\.parsing\.title_groups$|\.config\.list_access$"
)
_ANY = re.compile(r"^(?!from typing import ).*\bAny\b")


@cache
def modules() -> Mapping[str, ast.Module]:
    """Parse every module of both packages, by its dotted name."""
    found = {}
    gc.disable()  # it would look through millions of new nodes, again and again
    for package in (listsync, listsyncctl):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root.parent).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(encoding="utf-8"), type_comments=False)
    gc.freeze()
    gc.enable()
    return found


@cache
def statements(name: str) -> Sequence[ast.AST]:
    """Give all statements of a module, those within others too."""
    return list(_statements(modules()[name].body))


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk them; expressions, which are left out, are ten times as many."""
    for node in body:
        yield node
        for part in ("body", "handlers", "orelse", "finalbody", "cases"):
            if within := getattr(node, part, ()):
                yield from _statements(within)


def lines_of(name: str) -> list[str]:
    path = sys.modules[name.partition(".")[0]].__path__[0]
    own = Path(path, *name.split(".")[1:])
    file = own.with_suffix(".py")
    file = file if file.exists() else own / "__init__.py"
    return file.read_text(encoding="utf-8").splitlines()


def test_a_public_class_means_one_thing_in_the_whole_tree() -> None:
    where = defaultdict(list)
    for module, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where[node.name].append(module)
    twice = {name: places for name, places in where.items() if len(places) > 1}
    assert not twice, "\n".join(f"{name}: {', '.join(at)}" for name, at in sorted(twice.items()))


def test_there_are_few_modules_and_none_is_long() -> None:
    sizes = sorted(((len(lines_of(name)), name) for name in modules()), reverse=True)
    own = {name for name, tree in modules().items() if any(map(_is_code, tree.body))}
    http = {name for name in own if _OF_HTTP.search(name) and not _OF_TRANSFERS.search(name)}
    records = {name for name in own if _OF_RECORDS.search(name)}
    long = [(size, name) for size, name in sizes if size > MOST_LINES]
    assert not long
    notifications = {name for name in own if _OF_NOTIFICATIONS.search(name)}
    arriving = {name for name in own if _OF_ARRIVING.search(name)}
    transfers = {name for name in own if _OF_TRANSFERS.search(name)}
    postgres = {name for name in own if _OF_POSTGRES.search(name)} - transfers
    notifications -= transfers | postgres
    services = {name for name in own if _OF_NEW_SERVICES.search(name)}
    rest = own - http - records - notifications - arriving - transfers - postgres - services
    assert len(rest) <= MOST_MODULES, f"{len(rest)} modules: {sizes[-3 * _SHOWN :]}"
    assert len(http) <= MOST_OF_HTTP
    assert len(records) <= MOST_OF_RECORDS
    assert len(notifications) <= MOST_OF_NOTIFICATIONS
    assert len(arriving) <= MOST_OF_ARRIVING
    assert len(transfers) <= MOST_OF_TRANSFERS
    assert len(postgres) <= MOST_OF_POSTGRES
    assert len(services) <= MOST_OF_NEW_SERVICES


def _is_code(node: ast.stmt) -> bool:
    """Tell a docstring, and the import that every module has, from what a reader must know."""
    return not isinstance(node, ast.Expr) and getattr(node, "module", "") != "__future__"


def test_functions_are_short() -> None:
    lengths = sorted(
        ((node.end_lineno or 0) - node.lineno + 1, f"{module}.{node.name}")
        for module in modules()
        for node in statements(module)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    numbers = [length for length, _ in lengths]
    nine_tenths = statistics.quantiles(numbers, n=10)[-1]
    worst = lengths[-_SHOWN:]
    assert statistics.median(numbers) <= MEDIAN_LINES, worst
    assert nine_tenths <= MOST_LINES_OF_NINE_TENTHS, worst


def test_no_module_imports_itself_round_about() -> None:
    """Imports within functions, and for types only, count as all others."""
    graph = {name: set(_imported(name)) for name in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" <- ".join(error.args[1])) from None


def _imported(name: str) -> Iterator[str]:
    known = modules().keys()
    for node in statements(name):
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{one.name}" for one in node.names]
            names = [one if one in known else node.module for one in names]
        else:
            continue
        yield from (one for one in names if one in known and one != name)


def test_no_record_of_the_agent_has_its_methods_written_before_it_is_made() -> None:
    eager = [
        name
        for name in modules()
        if name.startswith("listsync.") and name != "listsync.lean_dataclasses"
        for node in statements(name)
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
        if "dataclass" in {one.name for one in node.names}
    ]
    assert not eager, "take `dataclass` from listsync.lean_dataclasses"


def test_msgspec_meets_no_type_in_two_threads_at_once() -> None:
    """`parsing.decoding.prepared` has it learn each type before it reads one."""
    bare = [
        module
        for module, tree in modules().items()
        if _READS_AS_TYPE.search("\n".join(lines_of(module)))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _reads_unprepared(node)
    ]
    assert bare == ["listsync.parsing.decoding"]  # where it learns them


def _reads_unprepared(call: ast.Call) -> bool:
    """Tell a call of msgspec that reads as a type of its own."""
    if getattr(call.func, "attr", getattr(call.func, "id", "")) not in _READS:
        return False
    shapes = {"msgspec.convert": 1, "msgspec.json.Decoder": 0}
    name = ast.unparse(call.func)
    named = [word.value for word in call.keywords if word.arg == "type"]
    given = [*named, *(call.args[shapes[name] :][:1] if name in shapes else ())]
    return any(not ast.unparse(shape).startswith(("prepared(", "Name")) for shape in given)


def test_a_port_that_a_docstring_names_is_there() -> None:
    ports = re.compile(r"`ports\.(\w+)\.(\w+)`")
    there = {
        f"{name.rpartition('.')[2]}.{node.name}"
        for name, tree in modules().items()
        if name.startswith("listsync.ports.")
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    named = {
        f"{port}.{noun}"
        for name in modules()
        for port, noun in ports.findall("\n".join(lines_of(name)))
    }
    assert named
    assert named <= there, named - there


def test_what_agent_and_client_say_to_each_other_has_types() -> None:
    found = {
        name: count
        for name in modules()
        if name.startswith(UNTYPED_BEFORE)
        and (count := sum(bool(_ANY.search(line)) for line in lines_of(name)))
    }
    worst = sorted(found.items(), key=lambda one: -one[1])
    assert sum(found.values()) <= MOST_ANY, worst[:_SHOWN]


def test_every_migration_has_a_number_of_its_own() -> None:
    folder = Path(listsync.__path__[0]) / "store" / "migrations"
    numbers = [path.name[:4] for path in folder.glob("*.sql")]
    assert len(set(numbers)) == len(numbers)
