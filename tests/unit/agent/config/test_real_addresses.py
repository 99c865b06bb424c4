"""Addresses as people write them: each means its list, or is refused with the words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.list_entries import service_of
from listsync.config.values import find_source
from tests.contract.providers.site import FIXTURES

FORMS = [
    line.split("\t")
    for line in (FIXTURES / "addresses/forms.tsv").read_text(encoding="utf-8").splitlines()[1:]
]


def test_there_are_many_forms_of_all_kinds() -> None:
    assert len(FORMS) >= 300
    assert len({kind for *_, kind in FORMS}) >= 25


@pytest.mark.parametrize(("service", "meant", "address", "kind"), FORMS)
def test_an_address_means_its_list_or_is_refused(
    service: str, meant: str, address: str, kind: str
) -> None:
    if service == "-":
        with pytest.raises(ValueError, match=meant):
            find_source(*service_of(address), Path("/config"))
    else:
        named, word = service_of(address)
        assert (named, str(find_source(named, word, Path("/config")))) == (service, meant), kind
