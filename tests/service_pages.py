"""`python -m tests.service_pages`: a page for each list service, made of what the code knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from listsync.config.json_schema import schema
from listsync.config.schema import ProvidersOptions
from listsync.config.schema_keys import holds, keys_of
from listsync.config_types import PageOptions
from listsync.providers.anilist import source as anilist
from listsync.providers.custom import source as custom
from listsync.providers.file import source as file
from listsync.providers.imdb import source as imdb
from listsync.providers.letterboxd import source as letterboxd
from listsync.providers.mdblist import source as mdblist
from listsync.providers.myanimelist import source as myanimelist
from listsync.providers.plex import source as plex
from listsync.providers.seerr import source as seerr
from listsync.providers.simkl import source as simkl
from listsync.providers.stevenlu import source as stevenlu
from listsync.providers.tmdb import source as tmdb
from listsync.providers.trakt import source as trakt
from listsync.providers.tvdb import source as tvdb

FOLDER = Path(__file__).parents[1] / "contrib" / "guides" / "services"
_TITLES = {
    anilist: "AniList",
    custom: "Addresses of your own",
    file: "Files",
    imdb: "IMDb",
    letterboxd: "Letterboxd",
    mdblist: "MDBList",
    myanimelist: "MyAnimeList",
    plex: "Plex",
    simkl: "Simkl",
    seerr: "Watchlists of the request server",
    stevenlu: "StevenLu",
    tmdb: "TMDB",
    trakt: "Trakt",
    tvdb: "TheTVDB",
}
_OF_THE_SERVER = "They are read as all else of the server, with what the section `server` says."
_ADDRESSES = ("base_url", "web_url", "auth_url")


def pages() -> dict[str, str]:
    """Render the page of every service, by its file's name."""
    return {
        f"{service.SERVICE}.md": "\n".join(_page(service.SERVICE, title, service.FORMS)) + "\n"
        for service, title in _TITLES.items()
    }


def _page(service: str, title: str, forms: tuple[str, ...]) -> Iterator[str]:
    section = keys_of(ProvidersOptions).get(service)
    form = holds(section.type).kind if section else None
    options = _options(form.__name__) if form else {}
    yield f"# {title}"
    yield ""
    yield str(options.get("description", _OF_THE_SERVER))
    yield ""
    yield "Made of what the program knows by `python -m tests.service_pages`."
    yield ""
    yield "## What a list may be"
    yield ""
    yield f"After `{service}:` in an entry of `lists`:"
    yield ""
    yield from map(_form, forms)
    yield ""
    if form is None:
        return
    yield from _reached(_keys_of(options), by_browser=issubclass(form, PageOptions))
    yield f"## `providers.{service}`"
    yield ""
    yield "| key | default | means |"
    yield "|---|---|---|"
    for key, facts in _keys_of(options).items():
        yield f"| `{key}` | {_default(facts)} | {facts['description']} |"


def _form(text: str) -> str:
    """Set what is written as it is apart from what is said about it."""
    written, bracket, about = text.partition(" (")
    return f"- {text}" if " " in written else f"- `{written}`{bracket}{about}"


def _reached(keys: Mapping[str, dict[str, object]], *, by_browser: bool) -> Iterator[str]:
    addresses = [f"`{keys[key]['default']}`" for key in _ADDRESSES if key in keys]
    if not addresses:
        return
    yield "## What is asked"
    yield ""
    pace, at_once = keys["pace_s"]["default"], keys["at_once"]["default"]
    waits = f", and {pace} s from one request to the next" if pace else ""
    requests = "1 request" if at_once == 1 else f"{at_once} requests"
    yield f"{' and '.join(addresses)}, with at most {requests} at a time{waits}."
    if by_browser:
        yield (
            "A page behind bot protection is read with Chromium, where that and its chromedriver "
            "are installed."
        )
    yield ""


def _options(name: str) -> dict[str, object]:
    found = cast("dict[str, dict[str, object]]", schema()["$defs"])
    return found[name]


def _keys_of(options: Mapping[str, object]) -> dict[str, dict[str, object]]:
    return cast("dict[str, dict[str, object]]", options["properties"])


def _default(facts: Mapping[str, object]) -> str:
    value = facts.get("default")
    text = str(value).lower() if isinstance(value, bool) else value
    return "" if value is None else f"`{text}`"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{FOLDER} is written")
