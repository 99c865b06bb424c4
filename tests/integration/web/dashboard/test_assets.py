"""What pages load comes from here, from memory, and is what was reviewed."""

from __future__ import annotations

import gzip
import hashlib
from importlib import resources

import pytest

from listsync.web.dashboard.assets import Assets
from tests.integration.web.conftest import WebServer

VENDORED = {
    # htmx.org 4.0.1: dist/htmx.min.js, dist/ext/hx-sse.min.js and LICENSE
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
    "htmx.LICENSE": "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
}


@pytest.mark.parametrize("name", VENDORED)
def test_what_others_wrote_is_as_they_published_it(name: str) -> None:
    content = (resources.files("listsync.web.dashboard") / "assets" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == VENDORED[name]


def test_an_asset_is_open_to_all_kept_for_good_and_packed_for_who_takes_that(
    web: WebServer,
) -> None:
    assets = Assets()
    with web.client(None) as client:
        for name, asset in assets.all.items():
            plain = client.get(assets.path(name), headers={"Accept-Encoding": "identity"})
            packed = client.get(assets.path(name), headers={"Accept-Encoding": "br, gzip"})
            assert plain.content == packed.content == asset.content
            assert packed.headers["content-encoding"] == "gzip"
            assert "immutable" in plain.headers["cache-control"]
            assert plain.headers["content-type"].startswith(asset.media_type.partition(";")[0])
            assert plain.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "htmx.min.js",
        "htmx.LICENSE",
        "../templates/base.html",
        "..%2f..%2faccess.py",
        "%00",
        "a" * 999,
    ],
)
def test_a_name_that_is_no_address_of_an_asset_finds_nothing(web: WebServer, name: str) -> None:
    with web.client(None) as client:
        answer = client.get(f"/ui/assets/{name}", follow_redirects=False)
    assert answer.status_code in {303, 404}
    assert b"class" not in answer.content


def test_the_overview_with_all_that_it_loads_is_small(web: WebServer) -> None:
    with web.client() as client:
        page = client.get("/").content
    total = len(gzip.compress(page)) + sum(len(one.packed) for one in Assets().all.values())
    assert total < 40_000
