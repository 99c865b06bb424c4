"""Each form of a file in each encoding and each spelling of its lines: read right, or refused."""

from __future__ import annotations

import gzip
import io
import json
import unicodedata
import zipfile
from collections.abc import Callable, Mapping

import pytest

from listsync.domain.lists import Fetched
from listsync.errors import ListsyncError, ResponseChangedError
from tests.integration.providers.reader import Reader

ROWS = (
    ("Amélie", 2001),
    ("Die Blechtrommel", 1979),
    ("Tōkyō monogatari", 1953),
    ("Señora de rojo", 2019),
    ("Brücke nach Süden", 1998),
    ("Café Müller", 1985),
)
WESTERN = (*ROWS[:2], *ROWS[3:])
RUSSIAN = (("Москва слезам не верит", 1980), ("Иди и смотри", 1985), ("Зеркало", 1975))
JAPANESE = (("となりのトトロ", 1988), ("もののけ姫", 1997), ("おくりびと", 2008))
KOREAN = (("살인의 추억", 2003), ("올드보이", 2003), ("기생충", 2019))
CHINESE = (("霸王别姬", 1993), ("卧虎藏龙", 2000), ("花样年华", 2000))
TRADITIONAL = (("霸王別姬", 1993), ("臥虎藏龍", 2000), ("花樣年華", 2000))
POLISH = (("Człowiek z żelaza", 1981), ("Dług i śmierć", 1999), ("Życie jako choroba", 2000))

KANJI = (("七人の侍", 1954), ("東京物語", 1953), ("千と千尋の神隠し", 2001), ("羅生門", 1950))
CZECH = (("Temný rytíř", 2008), ("Přelet nad kukaččím hnízdem", 1975), ("Kmotr", 1972))
HUNGARIAN = (("Nagymenők", 1990), ("Szemtől szemben", 1995), ("A keresztapa", 1972))
ROMANIAN = (("Moartea domnului Lăzărescu", 2005), ("Naşul", 1972))
TURKISH = (("Kara Şövalye", 2008), ("12 K\u0131zg\u0131n Adam", 1957), ("K\u0131ş Uykusu", 2014))
BALTIC = (("Ąžuolas", 2020), ("Šventė", 2000))
HEBREW = (("ואלס עם באשיר", 2008), ("ביקור התזמורת", 2007))
NORTHERN = (("Mýrin", 2006), ("Þrestir", 2015), ("Kona fer í stríð", 2018), ("Alþýða", 1999))
OTHERS = (("Põrgu", 2001), ("Corações", 2002), ("Così è", 2003), ("Història", 2004), ("Ærø", 2005))

Rows = tuple[tuple[str, int], ...]
Form = Callable[[Rows], str]


def _csv(rows: Rows, separator: str = ",", quote: str = "", pad: int = 0) -> str:
    table = [("Title", "Year"), *rows]
    return "".join(
        separator.join(f"{quote}{cell}{quote}" for cell in row) + separator * pad + "\n"
        for row in table
    )


FORMS: Mapping[str, tuple[str, Form]] = {
    "lines": ("a.txt", lambda rows: "".join(f"{title} ({year})\n" for title, year in rows)),
    "bullets": ("a.md", lambda rows: "".join(f"- [ ] {title} ({year})\n" for title, year in rows)),
    "comma": ("a.csv", _csv),
    "semicolon": ("a.csv", lambda rows: _csv(rows, ";")),
    "tab": ("a.tsv", lambda rows: _csv(rows, "\t")),
    "pipe": ("a.txt", lambda rows: _csv(rows, "|")),
    "quoted": ("a.csv", lambda rows: _csv(rows, quote='"')),
    "padded": ("a.csv", lambda rows: _csv(rows, pad=3)),
    "json": (
        "a.json",
        lambda rows: json.dumps(
            [{"title": title, "year": year} for title, year in rows], ensure_ascii=False, indent=1
        ),
    ),
    "json lines": (
        "a.jsonl",
        lambda rows: "".join(
            json.dumps({"title": title, "year": year}, ensure_ascii=False) + "\n"
            for title, year in rows
        ),
    ),
}
ENCODINGS: Mapping[str, Rows] = {
    **dict.fromkeys(("utf-8", "utf-8-sig", "utf-16", "utf-32"), ROWS),
    **dict.fromkeys(("utf-16-le", "utf-16-be"), ROWS),
    **dict.fromkeys(("cp1252", "latin-1"), WESTERN),
    **dict.fromkeys(("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic"), RUSSIAN),
    **dict.fromkeys(("shift-jis", "euc-jp", "iso2022-jp"), JAPANESE),
    "euc-kr": KOREAN,
    "gb18030": CHINESE,
    "big5": TRADITIONAL,
    **dict.fromkeys(("cp1250", "iso8859-2", "cp852"), POLISH),
}
MORE_ENCODINGS: Mapping[str, tuple[Rows, bool]] = {  # and whether they are read
    "cp932": (KANJI, True),
    "cp1252": ((*NORTHERN, *OTHERS), True),
    "latin-1": (OTHERS, True),
    "euc-jp": (KANJI, False),
    "cp1250": ((*CZECH, ("Pelíšky", 1999)), False),
    "iso8859-2": (HUNGARIAN, False),
    "iso8859-16": (ROMANIAN[:1], False),
    "cp1254": (TURKISH, False),
    "iso8859-9": (TURKISH[1:], False),
    "cp1257": (BALTIC, False),
    "cp1255": (HEBREW, False),
    "iso8859-8": (HEBREW, False),
}
SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "blank lines": lambda text: "\n\n" + text.replace("\n", "\n\n"),
    "no end": str.rstrip,
    "trailing blanks": lambda text: text.replace("\n", "  \n"),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "two marks": lambda text: "\ufeff\ufeff" + text,
}


def _is_table(form: str) -> bool:
    return form in ("comma", "semicolon", "tab", "pipe", "quoted", "padded")


def _read_or_none(read: Reader, content: bytes, name: str) -> Fetched | None:
    """Give None for what is refused, which is always in words."""
    try:
        return read(content, name)
    except ListsyncError:
        return None


def _labels(rows: Rows) -> list[str]:
    return [f"{title} ({year})" for title, year in rows]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_in_any_encoding_is_read_right_or_refused(
    read: Reader, form: str, encoding: str
) -> None:
    name, made = FORMS[form]
    rows = ENCODINGS[encoding]
    fetched = _read_or_none(read, made(rows).encode(encoding), name)
    if fetched is None:
        assert not encoding.startswith("utf")  # these must be read
    else:
        assert [entry.label for entry in fetched.entries] == _labels(rows)


@pytest.mark.parametrize("form", ["lines", "comma", "json"])
@pytest.mark.parametrize("encoding", MORE_ENCODINGS)
def test_letters_that_look_like_others_are_never_read_as_those(
    read: Reader, form: str, encoding: str
) -> None:
    name, made = FORMS[form]
    rows, is_read = MORE_ENCODINGS[encoding]
    fetched = _read_or_none(read, made(rows).encode(encoding), name)
    assert (fetched and [entry.label for entry in fetched.entries]) == (
        _labels(rows) if is_read else None
    )


@pytest.mark.parametrize(
    "title", ["Łowcy androidów", "K\u0131ş Uykusu", "Naşul", "Ödlek Ördögűző"]
)
def test_one_title_of_other_letters_makes_a_list_unclear(read: Reader, title: str) -> None:
    encoding = "cp1254" if "\u0131" in title else "cp1250"
    text = f"Heat (1995)\n{title} (2000)\nAmelie (2001)\n"
    with pytest.raises(ResponseChangedError, match="old encoding that cannot be told"):
        read(text.encode(encoding))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_with_any_ends_of_lines_is_read_right(
    read: Reader, form: str, spelling: str
) -> None:
    name, made = FORMS[form]
    fetched = _read_or_none(read, SPELLINGS[spelling](made(ROWS)).encode(), name)
    if fetched is None:
        assert (spelling, form) == ("two marks", "json")  # which has one at the most
        return
    labels = [unicodedata.normalize("NFC", entry.label) for entry in fetched.entries]
    is_cut = spelling == "no end" and len(labels) < len(ROWS)
    assert labels == (_labels(ROWS[:-1]) if is_cut and _is_table(form) else _labels(ROWS))


@pytest.mark.parametrize("form", FORMS)
def test_a_packed_file_is_read_as_the_file(read: Reader, form: str) -> None:
    name, made = FORMS[form]
    content = made(ROWS).encode()
    assert len(read(gzip.compress(content), f"{name}.gz").entries) == len(ROWS)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(
            "list.txt" if name.endswith(".md") else name.replace("a.", "list."), content
        )
    assert len(read(archive.getvalue(), "a.zip").entries) == len(ROWS)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_for_excel_says_its_separator(read: Reader, separator: str) -> None:
    text = f"sep={separator}\r\n" + _csv(ROWS, separator).replace("\n", "\r\n")
    assert [entry.label for entry in read(text, "a.csv").entries] == _labels(ROWS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("damage", ["NUL", "empty", "blank", "half a letter"])
def test_a_damaged_file_is_refused_or_partial(read: Reader, form: str, damage: str) -> None:
    name, made = FORMS[form]
    content = made(ROWS).encode()
    damaged = {
        "NUL": content[:40] + b"\0" * 50 + content[40:],
        "empty": b"",
        "blank": b" \r\n\t\n",
        "half a letter": content[: content.index("ō".encode()) + 1],
    }[damage]
    fetched = _read_or_none(read, damaged, name)
    if fetched is not None:
        assert (damage, fetched.outcome) == ("half a letter", "partial")
        assert all(entry.label in _labels(ROWS) for entry in fetched.entries)


def _zip(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_zip(("a.txt", b"a" * 20_000_000)), "more than 16 MiB"),
        (_zip(("in.zip", _zip(("a.txt", b"Heat (1995)")))), "name a file out of it"),
        (_zip(("a.txt", b"Heat"), ("b.txt", b"Alien")), "a.txt, b.txt"),
        (_zip(), "not text|archive"),
        (_zip(("a.txt", b"Heat (1995)\n"))[:-30], "damaged archive"),
        (b"\0" * 1000, "not text"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
    ],
    ids=["bomb", "nested", "several", "empty", "cut", "NUL", "page"],
)
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json", "a.zip"])
def test_what_can_be_no_list_is_refused_in_words(
    read: Reader, content: bytes, words: str, name: str
) -> None:
    with pytest.raises(ResponseChangedError, match=words):
        read(content, name)


def test_paths_in_an_archive_mean_nothing(read: Reader) -> None:
    fetched = read(_zip(("../../etc/watchlist.txt", b"Heat (1995)\n")), "a.zip")
    assert [entry.label for entry in fetched.entries] == ["Heat (1995)"]
    assert not (read.folder.parent / "etc").exists()
