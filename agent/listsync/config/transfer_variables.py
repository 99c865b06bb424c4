"""The variables of the original transfer service: its Plex server, and what to scan there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from listsync.config.secret_forms import SecretSource
from listsync.config.yaml_document import KeyPath

PLEX_URL, PLEX_TOKEN = "PLEX_URL", "PLEX_TOKEN"
_SECTIONS = {
    "PLEX_SECTION_MOVIES": "/movies",
    "PLEX_SECTION_MOVIES_4K": "/movies-4k",
    "PLEX_SECTION_TV": "/tv",
    "PLEX_SECTION_TV_4K": "/tv-4k",
}
"""Each with the library that it is for, as Radarr or Sonarr sees it."""
PLEX_VARIABLES = (PLEX_URL, PLEX_TOKEN, *_SECTIONS)

Written = dict[str, object]


def add_plex(
    data: Written,
    variables: dict[KeyPath, str],
    environ: Mapping[str, str],
    secrets: SecretSource,
) -> list[tuple[str, str]]:
    """Append the Plex server that the file does not name already; gives what does nothing."""
    url = environ.get(PLEX_URL, "").strip()
    token = secrets.find(PLEX_TOKEN) or secrets.find_kept(PLEX_TOKEN)
    given = [*([PLEX_URL] if url else []), *([token[1]] if token else [])]
    if not given:
        return []
    transfers = data.get("transfers") or {}
    mappings = transfers.get("mappings") if isinstance(transfers, dict) else None
    if not isinstance(transfers, dict) or not isinstance(mappings, list) or not mappings:
        return [(given[0], "has no effect: no library is named under transfers.mappings")]
    if not url or token is None:
        missing = PLEX_TOKEN if url else PLEX_URL
        return [(given[0], f"does nothing without {missing}: Plex is told only with both")]
    servers = transfers.get("media_servers") or []
    if not isinstance(servers, list) or _is_named(servers, url):
        return []
    sections, remarks = _sections(mappings, environ)
    place: KeyPath = ("transfers", "media_servers", len(servers), "plex")
    variables |= {(*place, "url"): PLEX_URL, (*place, "token"): token[1]}
    plex = {"url": url, "token": token[0], **({"sections": sections} if sections else {})}
    data["transfers"] = {**transfers, "media_servers": [*servers, {"plex": plex}]}
    return remarks


def _is_named(servers: list[object], url: str) -> bool:
    named = (one.get("plex") for one in servers if isinstance(one, dict))
    urls = (one.get("url") for one in named if isinstance(one, dict))
    return any(isinstance(one, str) and one.strip("/ ") == url.strip("/") for one in urls)


def _sections(
    mappings: list[object], environ: Mapping[str, str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Read the sections of the libraries, by their folders as Plex sees them."""
    found, remarks = dict[str, str](), list[tuple[str, str]]()
    for variable, library in _SECTIONS.items():
        if not (text := environ.get(variable, "").strip()):
            continue
        folders = [*_folders(mappings, library)]
        if not (text.isascii() and text.isdecimal()):
            remarks.append((variable, "has no effect: expected the number of a section"))
        elif not folders:
            remarks.append((variable, f"has no effect: no mapping is from {library}"))
        else:
            found |= dict.fromkeys(folders, text)
    return found, remarks


def _folders(mappings: list[object], library: str) -> Iterator[str]:
    for one in mappings:
        if isinstance(one, dict) and str(one.get("from", "")).rstrip("/ ") == library:
            keys = ("media_server", "destination", "source", "from")
            yield next(str(one[key]) for key in keys if one.get(key))
