"""Configurations drawn at random: each is read, or refused in words."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from listsync.config.configuration import check
from listsync.config.filters import ExcludedTitle
from listsync.config.list_options import ListForm
from listsync.config.schema import ConfigForm, LogOptions, ServerOptions, SyncOptions
from listsync.config.values import (
    parse_cron,
    parse_group,
    parse_interval,
    parse_server_url,
    parse_timezone,
    parse_user,
)
from listsync.config.yaml_document import YamlDocument, parse_document
from listsync.domain.media import parse_exclusion
from listsync.errors import ConfigError
from tests.unit.agent.config.test_load import SERVER


@given(st.text(max_size=80))
def test_any_text_behind_a_key_is_a_configuration_or_a_config_error(text: str) -> None:
    for start in ("lists:\n  - file: ", "lists:\n  - stevenlu: ", "exclude:\n  - ", "", "sync: "):
        with contextlib.suppress(ConfigError):
            check(parse_document(f"{SERVER}{start}{text}", "f"), {}, Path())


VALUES = st.recursive(
    st.none() | st.text(max_size=8) | st.sampled_from(["sandbox", "1", "true", "movie", "<id>"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(
                [
                    key
                    for model in (
                        *(ConfigForm, ServerOptions, SyncOptions, ListForm),
                        *(ExcludedTitle, LogOptions),
                    )
                    for key in model.__struct_fields__
                ]
                + ["env", "file", "imdb", "stevenlu"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(VALUES, VALUES, VALUES, VALUES, VALUES)
def test_any_data_is_a_configuration_or_a_config_error(
    top: object, server: object, sync: object, lists: object, exclude: object
) -> None:
    sections = {"server": server, "sync": sync, "lists": [lists, lists], "exclude": [exclude]}
    sections |= {"control": sync, "log": server}
    for data in (top, sections):
        with contextlib.suppress(ConfigError):
            check(YamlDocument(file="f", data=data), {"MDBLIST_LISTS": "a/b"}, Path())


@given(st.text())
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    for parse in (
        *(parse_interval, parse_server_url, parse_user, parse_exclusion),
        *(parse_cron, parse_timezone, parse_group),
    ):
        try:
            parse(text)
        except ValueError:
            continue
