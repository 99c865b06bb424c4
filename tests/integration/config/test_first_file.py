from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from listsync.config.configuration import load
from listsync.config.first_file import FirstConfig, entry_of, pasted, place, scalar
from listsync.config.json_schema import FILE_NAME
from listsync.config.yaml_document import load_document
from listsync.errors import StateError
from listsync.files.local_file import WriterWait


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("https://letterboxd.com/dave/watchlist/", {"letterboxd": None}),
        ("<https://www.imdb.com/list/ls055576690/>", {"imdb": None}),
        ('"www.imdb.com/chart/top"', {"imdb": None}),
        ("https://mdblist.com/lists/linaspurinis/top", {"mdblist": None}),
        ("https://www.themoviedb.org/list/8136-x", {"tmdb": None}),
        ("https://movies.stevenlu.com/", {"stevenlu": None}),
        ("trending:movies", {"trakt": None}),
        ("ls055576690", {"imdb": None}),
        ("top", {"imdb": None}),
        ("Letterboxd: dave/watchlist", {"letterboxd": "dave/watchlist"}),
        ("trakt:trending:shows", {"trakt": "trending:shows"}),
        ("https://example.com/films.csv?x=1", {"custom": None}),
        ("custom: https://example.com/a", {"custom": "https://example.com/a"}),
        ("~/films.csv", {"file": "~/films.csv"}),
        ("/a/b", {"file": "/a/b"}),
        ("films.csv", {"file": os.path.abspath("films.csv")}),  # noqa: PTH100 - what is meant
    ],
)
def test_what_is_pasted_is_understood(text: str, entry: dict[str, str | None]) -> None:
    ((service, value),) = entry_of(text).items()
    assert [service] == [*entry]
    assert value == (entry[service] or text.strip('<>"'))


_ONE, _OTHER = "https://letterboxd.com/dave/watchlist/", "www.imdb.com/list/ls055576690/"
_FILTERED = "https://mdblist.com/movies/?genres=a,b"


@pytest.mark.parametrize(
    ("line", "lists"),
    [
        (f" {_ONE} {_OTHER} ", [_ONE, _OTHER]),
        (f"{_ONE}\t{_FILTERED},{_ONE}", [_ONE, _FILTERED, _ONE]),
        (f"{_OTHER}, {_ONE}", [_OTHER, _ONE]),
        (_FILTERED, [_FILTERED]),
        ("~/my films.csv", ["~/my films.csv"]),
        (f"letterboxd: {_ONE}", [f"letterboxd: {_ONE}"]),
        (f"{_ONE} and more", [f"{_ONE} and more"]),
    ],
)
def test_addresses_in_one_line_are_taken_one_by_one(line: str, lists: list[str]) -> None:
    assert pasted(line) == lists


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://imdb.com.example/list/ls055576690", "is no address of a list"),
        ("https://example.com/films", "is no address of a list"),
        ("dave/watchlist", "can mean much"),
        ("12345", "can mean much"),
        ("", "can mean much"),
    ],
)
def test_what_nobody_understands_is_told(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        entry_of(text)


_STRANGE = (
    "a: b",
    "a #b",
    "#a",
    "ends:",
    "~",
    "null",
    "yes",
    "12",
    "1.5",
    "- a",
    "*a",
    "a, b",
    "{a}",
    'a"b\\c',
    "Amélie",
    "ls1?a=1&b=%20",
    "https://host:5055/a#b",
    ":a",
    "\tx",
    " a ",
    "@a",
    "!a",
    "a'b",
)


@pytest.mark.parametrize("text", _STRANGE)
def test_every_text_is_read_as_it_was_written(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    written = scalar(text)
    assert yaml.safe_load(f"- {written}") == [text]  # as editors read it
    file.write_text(f"one: {written}\ntwo: {{in: {written}}}\n", encoding="utf-8")
    assert load_document(file, WriterWait()).data == {"one": text, "two": {"in": text}}


def test_a_first_configuration_is_a_valid_one(tmp_path: Path) -> None:
    config = FirstConfig(
        url="http://nas:5055/seerr",
        api_key={"env": "KEY"},
        request_as="the family",
        lists=[{"letterboxd": "https://letterboxd.com/dave/watchlist/"}, {"file": "~/a b.csv"}],
        providers={"trakt": {"client_id": {"env": "ID"}}},
    )
    path = tmp_path / "listsync.yaml"
    place(path, config.text(), lambda: lambda: None, may_replace=False)
    loaded = load(path, {"KEY": "a-key", "ID": "an-id"})
    assert (loaded.server.url, loaded.server.request_as) == ("http://nas:5055/seerr", "the family")
    assert [one.service for one in loaded.lists] == ["letterboxd", "file"]
    assert loaded.providers.trakt.client_id is not None
    assert not loaded.warnings
    assert "  - https://letterboxd.com/dave/watchlist/\n" in config.text()
    assert max(map(len, config.text().splitlines())) < 100


def _refused(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("had_schema", [False, True], ids=["new", "again"])
@pytest.mark.parametrize("step", ["fsync", "replace", "hardlink_to", "secrets"])
def test_all_of_it_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, *, had_schema: bool
) -> None:
    folder, undone = tmp_path / "a" / "b", list[bool]()
    if had_schema:
        folder.mkdir(parents=True)
        (folder / FILE_NAME).write_text("{}")

    def keep() -> Callable[[], None]:
        if step == "secrets":
            _refused()
        return lambda: undone.append(True)

    owner = os if step == "fsync" else Path
    if step != "secrets":
        monkeypatch.setattr(owner, step, _refused)
    with pytest.raises(StateError, match=r"No space left on device.*nothing was changed"):
        place(folder / "listsync.yaml", "lists: []\n", keep, may_replace=False)
    left = sorted(one.name for one in tmp_path.rglob("*"))
    assert [one for one in left if one not in {"a", "b"}] == [FILE_NAME] * had_schema
    assert undone == [True] * (step in {"replace", "hardlink_to"})


def test_a_configuration_that_comes_up_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path, undone = tmp_path / "listsync.yaml", list[bool]()

    def keep() -> Callable[[], None]:
        path.write_text("theirs")
        return lambda: undone.append(True)

    with pytest.raises(StateError, match="has come up meanwhile"):
        place(path, "ours", keep, may_replace=False)
    assert (path.read_text(), undone) == ("theirs", [True])
    assert [one.name for one in tmp_path.iterdir()] == ["listsync.yaml"]


def test_what_one_that_was_killed_has_left_is_gone_with_the_next(tmp_path: Path) -> None:
    old, young, other = (
        tmp_path / name
        for name in (".listsync.yaml.0a1b2c3d", ".listsync.yaml.ffffffff", ".listsync.yaml.backup")
    )
    for one in (old, young, other):
        one.write_text("server:\n")
    for one in (old, other):
        os.utime(one, (0, 0))
    place(tmp_path / "listsync.yaml", "{}\n", lambda: lambda: None, may_replace=False)
    assert not old.exists()
    assert young.exists(), "another one may be writing it"
    assert other.exists()


def test_what_is_replaced_is_kept_and_a_link_stays_one(tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles.yaml", tmp_path / "listsync.yaml"
    real.write_text("first")
    path.symlink_to(real)
    for text in ("second", "third"):
        older = place(path, text, lambda: lambda: None, may_replace=True)
        assert older is not None
    assert path.is_symlink()
    assert real.read_text() == "third"
    kept = sorted(one.read_text() for one in tmp_path.glob("*.bak"))
    assert kept == ["first", "second"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give something away")
@pytest.mark.parametrize(
    ("owner", "folder_mode", "mode"),
    [((4444, 4445), 0o700, 0o600), ((0, 4445), 0o750, 0o640)],
    ids=["of a user", "of a service"],
)
def test_what_root_writes_can_be_read_by_whom_it_is_for(
    tmp_path: Path, owner: tuple[int, int], folder_mode: int, mode: int
) -> None:
    folder = tmp_path / "listsync"
    folder.mkdir(mode=folder_mode)
    os.chown(folder, *owner)
    for text in ("first", "second"):
        place(folder / "listsync.yaml", text, lambda: lambda: None, may_replace=True)
    found = [*folder.iterdir()]
    assert len(found) == 3
    for one in found:
        facts = one.stat()
        assert ((facts.st_uid, facts.st_gid), facts.st_mode & 0o777) == (owner, mode)


def test_a_file_system_without_hard_links_takes_a_configuration_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As FAT and many shares of a NAS answer."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    path = tmp_path / "listsync.yaml"
    assert place(path, "first", lambda: lambda: None, may_replace=False) is None
    with pytest.raises(StateError, match="has come up meanwhile"):
        place(path, "other", lambda: lambda: None, may_replace=False)
    older = place(path, "second", lambda: lambda: None, may_replace=True)
    assert older is not None
    assert (older.read_text(), path.read_text()) == ("first", "second")
    assert len([*tmp_path.iterdir()]) == 3
