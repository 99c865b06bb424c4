"""The worst that a list file may hold within its limits: what a whole sync of it takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from tests.bench.figures import Figure
from tests.bench.runs import bench

MB = 1024 * 1024
MOST_MB = 200
MOST_CPU_S = 6  # a second of it starts and ends the process
FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "3 million ids": ("a.txt", lambda: _lines(b"tt%d\n", 3_000_000)),
    "titles of 480 letters": ("a.txt", lambda: _lines(b"T" * 480 + b" %d (2019)\n", 100_000)),
    "empty lines": ("a.txt", lambda: b"\n" * (63 * MB)),
    "comments": ("a.txt", lambda: b"#\n" * (31 * MB)),
    "one line": ("a.txt", lambda: b"tt0133093\n" + b"x" * (63 * MB)),
    "wide letters": ("a.txt", lambda: (20 * "\U0001f600" + "\n").encode() * 600_000),
    "Latin letters": ("a.txt", lambda: ("\u00e9" * 30 + "\n").encode("latin-1") * 2_000_000),
    "UTF-16": ("a.txt", lambda: b"\xff\xfe" + "tt0133093\n".encode("utf-16-le") * 3_000_000),
    "3 million rows": ("a.csv", lambda: b"imdb_id\n" + _lines(b"tt%d\n", 3_000_000)),
    "one wide row": ("a.csv", lambda: b"imdb_id,title\ntt0133093," + b"x," * (30 * MB)),
    "a wide header": ("a.csv", lambda: b"imdb_id," + b"x," * (30 * MB) + b"\ntt0133093\n"),
    "a quote without end": ("a.csv", lambda: b'imdb_id,title\nx,"' + b"x\n" * (30 * MB)),
    "empty rows": ("a.csv", lambda: b"imdb_id,title\n" + b",\n" * (30 * MB)),
    "empty objects": ("a.json", lambda: b"[" + b"{}," * (21 * MB) + b"{}]"),
    "2 million objects": (
        "a.json",
        lambda: b"[" + _lines(b'{"imdb_id":"tt%d"},', 2_000_000) + b"{}]",
    ),
    "one large object": ("a.json", lambda: b'[{"a": [' + b"[]," * (20 * MB) + b"1]}]"),
    "one large array": ("a.json", lambda: b'{"a": [' + b"[]," * (20 * MB) + b"1]}"),
    "one long text": ("a.json", lambda: b'["' + b"x" * (63 * MB) + b'"]'),
    "nothing but brackets": ("a.json", lambda: b"[" * (63 * MB)),
    "white space": ("a.json", lambda: b"[" + b" " * (63 * MB) + b"]"),
    "YAML of 90,000 parts": (
        "a.yml",
        lambda: b"collections: {a: {imdb_id: [" + b"[]," * 90_000 + b"tt0133093]}}",
    ),
    "YAML of aliases": (
        "a.yml",
        lambda: b"collections:\n  a: &a {imdb_id: [a, b, c]}\n" + _lines(b"  b%d: *a\n", 40_000),
    ),
}


def worst_files() -> Iterator[Figure]:
    with bench() as one:
        for what, (name, content) in FILES.items():
            (one.folder / name).write_bytes(content())
            server = {"url": one.sandbox.url, "api_key": one.sandbox.api_key}
            config = {"server": server, "lists": [{"file": name, "limit": 1}]}
            (one.folder / "listsync.yaml").write_text(json.dumps(config), encoding="utf-8")
            run = one.once("--dry-run")
            yield Figure(f"a file of {what}: peak memory", run.peak_mb, "MB", MOST_MB)
            yield Figure("  own CPU", run.cpu_s, "s", MOST_CPU_S)


def _lines(form: bytes, count: int) -> bytes:
    return b"".join(form % number for number in range(1_000_000, 1_000_000 + count))


PARTS = (worst_files,)
