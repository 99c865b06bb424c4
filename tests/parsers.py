"""Every parser of what others wrote, by the module that it is in, and what it may be seeded with.

`tests/fixtures/corpus/MODULE/` keeps inputs that have found a fault, and others worth keeping.
"""

from __future__ import annotations

import base64
import gzip
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import yaml
from cryptography.fernet import Fernet

from listsync.browser import messages as browser_messages
from listsync.commands import serializers
from listsync.control.zmtp import Conversation, RefusedPeerError
from listsync.domain.lists import Validators
from listsync.domain.media import MediaType
from listsync.errors import ListsyncError
from listsync.fleet import passing
from listsync.http import transport
from listsync.http.login_store import FileTokens
from listsync.http.response import Headers, Response, no_opinion, not_json, retry_after_s, verdict
from listsync.importers import listsync_folder
from listsync.importers.env_file import plan_of_variables, read_env_file
from listsync.importers.kometa import plan_of_kometa
from listsync.importers.plan import MovePlan
from listsync.importers.yaml_edit import add_key
from listsync.notify import sender
from listsync.notify.targets import heartbeat
from listsync.parsing import documents, feed_items, season_cells, title_words
from listsync.parsing.columns import RawRow
from listsync.parsing.list_documents import read_list
from listsync.parsing.text import decode
from listsync.process.records import ChildRecord, ProcessIdentity
from listsync.protocol import RefusedCommand, zmtp_frames
from listsync.providers.custom import feed
from listsync.redaction import redactor_of
from listsync.secrets import sealed
from listsync.seerr.address import Address
from listsync.transfers import intake, mount_table, rsync_failures, rsync_output, rsync_program
from listsync.transfers.events import WebhookShapeError
from listsync.triggers.postgres import trigger_of
from listsync.web import hosts
from listsync.web.authorization import form_of
from tests.documents import ROOT

_FIXTURES = ROOT / "tests" / "fixtures"
_ZMTP = (
    b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
    + b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03REQ\x01\x00\x00\x02{}"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parser:
    """`read` takes any bytes; of errors it raises no others than `refuses`."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    refuses: tuple[type[Exception], ...] = ()


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "replace"))


def _file(read: Callable[[Path], object], name: str = "file") -> Callable[[bytes], object]:
    def from_file(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            path.chmod(0o600)
            return read(path)

    return from_file


def _fixtures(pattern: str) -> tuple[bytes, ...]:
    found = sorted(_FIXTURES.glob(pattern))
    assert found, pattern
    return tuple(one.read_bytes()[:20_000] for one in found)


def _answer(status: int, body: bytes, headers: Headers | None = None) -> Response:
    return Response(service="s", status=status, headers=headers or Headers(), body=body, path="/")


def _response(data: bytes) -> object:
    head, _, body = data.partition(b"\n\n")
    headers = [
        (name, value) for name, _, value in (one.partition(b":") for one in head.split(b"\n"))
    ]
    for status in (200, 302, 403, 429, 503):
        one = _answer(status, body, Headers(headers))
        said = sender.error_of(one), sender.fields_of(one), not_json(one), one.validators
        wait_s = retry_after_s(one.headers)
        assert wait_s is None or wait_s >= 0
        assert (
            said,
            one.title,
            one.sample,
            verdict(one, no_opinion, conditional=True),
        ) is not None
    return None


def _packed(data: bytes) -> None:
    for coding in ("gzip", "deflate", "identity", data[:4].decode("latin-1")):
        with suppress(transport.BodyError):
            found = b"".join(transport.plain_pieces([data[:5], data[5:]], coding, 1000))
            assert len(found) <= 1000


def _old_configuration(data: bytes) -> object:
    """Read what its password has opened."""
    key = base64.urlsafe_b64encode(b"pw".ljust(32))
    plan = partial(listsync_folder._plan_of_config, known=MovePlan(), ask_password=lambda _: "pw")
    return _file(plan)(Fernet(key).encrypt(data))


def _seconds(text: str) -> None:
    found = sender.seconds_in(text)
    assert found is None or found >= 0


def _list(data: bytes) -> object:
    return read_list("file", "a.txt", decode(data), Validators())


def _talk(data: bytes) -> None:
    conversation = Conversation()
    conversation.receive(data)
    for _ in range(100):
        if conversation.message is None:
            return
        conversation.reply(b"{}")


def _rsync(data: bytes) -> None:
    for line in rsync_output.OutputLines().take(data):
        rsync_output.parse_progress(line)
        rsync_output.parse_item(line)
        rsync_output.unescaped(line)


def _host(text: str) -> None:
    networks = (ip_network("10.0.0.0/8"), ip_network("fc00::/7"))
    hosts.host_in(text)
    hosts.peer_of("10.0.0.1", text, networks)
    hosts.is_https("http", "10.0.0.1", text, networks)


def _seasons(text: str) -> None:
    cell = season_cells.read_seasons(text)
    season_cells.without_season(text, cell)
    season_cells.parted_title(text)
    season_cells.part_in_address(text)
    season_cells.is_title_of_episode(text)


def _title_words(text: str) -> None:
    title_words.named_by(text)
    title_words.part_behind(text)
    title_words.part_at_once(text)
    title_words.by_told_title(RawRow(title=text), MediaType.TV, has_id=False)


_DEEP = b"[" * 40_000
_IN_DEPTH = b'{"more": ' + _DEEP
_ITEM = b">f+++++++++ Film (2000)/Film.mkv\r      32,768 100%  1.00MB/s    0:00:01 (xfr#1)\n"
_HEAD = b'Retry-After: 5\nContent-Type: application/json\nETag: "a"\n\n'
_XML = (
    b"<rss><channel><item><title>Heat (1995)</title><guid>tt0113277</guid></item></channel></rss>"
)

PARSERS = {
    "listsync.browser.messages": Parser(
        browser_messages.read,
        (browser_messages.line(browser_messages.BrowserFailure(why="a", over=True)), _DEEP),
        (ValueError,),
    ),
    "listsync.commands.serializers": Parser(
        _text(lambda text: serializers._read(text, str, int)),
        (b"WyJhIiwxXQ", base64.urlsafe_b64encode(_DEEP)),
        (RefusedCommand,),
    ),
    "listsync.control.zmtp": Parser(_talk, (_ZMTP,), (RefusedPeerError,)),
    "listsync.fleet.passing": Parser(
        _text(lambda text: (passing.job_of(text), passing.PassedOn(1, float).hear(text))),
        (b'{"id": "a", "origins": ["a"], "lists": ["l"], "more_origins": 3}', _DEEP),
    ),
    "listsync.http.login_store": Parser(
        _file(lambda path: FileTokens(path).load()),
        (
            b'{"access_token": "a", "refresh_token": "b", "expires_at": "2026-01-01T00:00:00Z"}',
            _DEEP,
        ),
        (ListsyncError,),
    ),
    "listsync.http.response": Parser(
        _response, (_HEAD + b'{"message": "no"}', _HEAD + b"<title>no</title>", _HEAD + _DEEP)
    ),
    "listsync.http.transport": Parser(_packed, (gzip.compress(b"a" * 900), b"plain")),
    "listsync.importers.env_file": Parser(
        _file(lambda path: plan_of_variables(read_env_file(path), "f")),
        (b'OVERSEERR_URL="http://a:5055"\nSYNC_INTERVAL_HOURS=6\nIMDB_LISTS=top,ls1\n',),
        (ListsyncError,),
    ),
    "listsync.importers.kometa": Parser(
        _file(plan_of_kometa, "a.yml"),
        (b"collections:\n  A:\n    imdb_list: https://imdb.com/list/ls1/\n    tmdb_list: 710\n",),
        (ListsyncError,),
    ),
    "listsync.importers.listsync_folder": Parser(
        _old_configuration,
        (b'{"overseerr_url": "http://a", "api_key": "k", "requester_user_id": 1}', _DEEP),
        (ListsyncError,),
    ),
    "listsync.importers.yaml_edit": Parser(
        _text(lambda text: add_key(text, ("server", "api_key"), "k")),
        (b"server:\n  url: a\nlists: [a]\n", b"{server: {url: a}}", b"server: &a {}\nb: *a\n"),
        (ListsyncError, yaml.YAMLError),
    ),
    "listsync.notify.sender": Parser(_text(_seconds), (b"1.5", b"1e3", b"nan")),
    "listsync.notify.targets.heartbeat": Parser(
        lambda data: heartbeat._push_error(_answer(200, data)),
        (b'{"ok": false, "msg": "a"}', _IN_DEPTH),
    ),
    "listsync.parsing.documents": Parser(
        _text(lambda text: documents.parse_json("s", text)),
        (b'[{"a": [1, {"b": null}]}]', _DEEP),
        (ListsyncError,),
    ),
    "listsync.parsing.documents: lazily": Parser(
        _text(lambda text: _drain(documents.parse_lazily("s", [text[:7], text[7:]]))),
        (b'{"items": [{"a": 1}, 2]}', b"[1, 2, [3]]", _DEEP),
        (ListsyncError,),
    ),
    "listsync.parsing.documents: lines": Parser(
        _text(lambda text: [*documents.parse_lines("s", [text])]),
        (b'{"a": 1}\n{"b": 2}\n', _DEEP),
        (ListsyncError,),
    ),
    "listsync.parsing.documents: YAML": Parser(
        _text(lambda text: documents.parse_yaml("s", text)),
        (b"a: &b [1, 2]\nc: *b\n", b"- !!int 5\n", _DEEP[:2000]),
        (ListsyncError,),
    ),
    "listsync.parsing.list_documents": Parser(
        _list,
        (*_fixtures("file/*.*"), b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"PK\x03\x04" + bytes(30), _DEEP),
        (ListsyncError,),
    ),
    "listsync.parsing.season_cells": Parser(
        _text(_seasons), (b"S01E02-S03, 5", b"Season 1 & 2", b"1-3;7")
    ),
    "listsync.parsing.title_words": Parser(
        _text(_title_words),
        (
            "The Wire (2002) - s\u00e4song 3".encode(),
            b"Dark: The Final Season",
            b"Dark_S02 (2017)",
        ),
    ),
    "listsync.parsing.text": Parser(
        lambda data: [*decode(data).pieces()],
        ("ä€𝄞".encode("utf-16"), "ä".encode("latin-1"), b"\xef\xbb\xbfa,b\n"),
    ),
    "listsync.process.records": Parser(
        _text(ProcessIdentity.from_stat),
        (b"7 (a b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 999",),
        (ValueError,),
    ),
    "listsync.process.records: files": Parser(
        _file(ChildRecord.read),
        (b'{"folder": "/tmp/file", "boot": "b", "owner": [1, 2], "child": [3, 4]}', _DEEP),
        (ValueError, OSError),
    ),
    "listsync.protocol.zmtp_frames": Parser(
        zmtp_frames.socket_type, (b"\x05READY\x0bSocket-Type\0\0\0\x03REQ",), (ValueError,)
    ),
    "listsync.parsing.feed_items": Parser(
        lambda data: [feed.row_of(one) for one in feed_items.items_of("s", data)],
        (_XML, b"<?xml version='1.0'?><feed><entry><title>a</title></entry></feed>"),
        (ListsyncError,),
    ),
    "listsync.redaction": Parser(
        _text(redactor_of(frozenset({"s3cret of/mine", "a&b=c"})).text),
        (b"s3cret%20of%2Fmine a%26b%3Dc", b"czNjcmV0IG9mL21pbmU="),
    ),
    "listsync.secrets.sealed": Parser(
        sealed.parse,
        (
            b'{"format": "listsync secrets 1", "passphrase": null, "check": "c", "secrets": {}}',
            _DEEP,
            _IN_DEPTH,
        ),
        (ValueError,),
    ),
    "listsync.seerr.address": Parser(
        _text(Address.parse),
        (b"http://me:pw@host:5055/base/", b"https://[::1]/", b"host"),
        (ValueError,),
    ),
    "listsync.transfers.intake": Parser(
        intake.object_in, (b'{"eventType": "Test"}', _DEEP), (WebhookShapeError,)
    ),
    "listsync.transfers.mount_table": Parser(
        _text(mount_table.parse_mounts),
        (b"34 22 0:52 / /mnt/b\\134s\\011t rw - tmpfs tmpfs rw\n",),
    ),
    "listsync.transfers.rsync_failures": Parser(
        lambda data: rsync_failures.classify(data[0] if data else 0, data.splitlines()),
        (b'\x17rsync: write failed on "/a/b": No space left on device (28)\n',),
    ),
    "listsync.transfers.rsync_output": Parser(_rsync, (_ITEM, b"\\#303\\#244\n")),
    "listsync.transfers.rsync_program": Parser(
        _text(rsync_program._parse_version),
        (
            b"rsync  version 3.2.7  protocol version 31\n",
            b'{"program": "rsync", "version": "3.2.7"}',
            _DEEP,
        ),
    ),
    "listsync.triggers.postgres": Parser(
        _text(trigger_of), (b'{"source": "a", "lists": ["l"]}', b"all", b"[1]", _DEEP)
    ),
    "listsync.web.authorization": Parser(form_of, (b"a=b&c=%C3%A4&d",)),
    "listsync.web.hosts": Parser(
        _text(_host), (b"[::1]:80", b"host.example:4222", b"10.1.1.1, a")
    ),
}


def _drain(value: object) -> object:
    """Read what is read as it is looked at."""
    if isinstance(value, (dict, str, int, float)) or value is None:
        return value
    return [_drain(one) for one in value]  # type: ignore[attr-defined]


def corpus_of(name: str) -> list[bytes]:
    """Give what *name* is seeded with."""
    folder = _FIXTURES / "corpus" / name.partition(":")[0]
    kept = sorted(folder.iterdir()) if folder.is_dir() else []
    return [*PARSERS[name].seeds, *(one.read_bytes() for one in kept)]
