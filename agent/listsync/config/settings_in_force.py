"""Every key of the configuration as it is in force, with what set it, and without its secrets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from listsync.config.configuration import Config, ListConfig, secrets_of
from listsync.config.list_options import ADDRESSES
from listsync.config.schema import ConfigForm
from listsync.config.schema_keys import KeyInForce, keys_in_force
from listsync.config.validation import dotted
from listsync.config.values import SERVICES
from listsync.domain.runs import Setting
from listsync.redaction import redactor_of, without_secrets


def settings_of(config: Config) -> Iterator[Setting]:
    """Give every key of the configuration with its value, and none of its secrets."""
    data, redactor = config.written.data, redactor_of(secrets_of(config))
    followed = defaultdict[object, list[ListConfig]](list)
    for each in config.lists:
        followed[each.entry].append(each)
    for one in keys_in_force(ConfigForm, data if isinstance(data, dict) else {}):
        text = _text_of_list(followed, one) if one.path[0] == "lists" else one.text
        yield Setting(
            path=dotted(one.path),
            value=None if text is None else redactor.text(without_secrets(text)),
            origin=_origin_of(config, one),
            is_secret=one.is_secret,
        )


def _text_of_list(followed: Mapping[object, list[ListConfig]], one: KeyInForce) -> str | None:
    """Name what a list follows as it is named everywhere, as its address may hold a key."""
    match one.path:
        case ("lists", int() as number, str() as key) if key in {*SERVICES, ADDRESSES}:
            lists = followed.get(number, []) if one.is_written else []
            names = [each.rules.source if key == ADDRESSES else str(each.source) for each in lists]
            return f"[{', '.join(names)}]" if len(names) > 1 else next(iter(names), None)
        case _:
            return one.text


def _origin_of(config: Config, one: KeyInForce) -> str:
    variables = config.written.variables
    if one.path[:3] in config.written.inherited:
        return "defaults"
    ways = (one.path[:end] for end in range(len(one.path), 0, -1))
    named = next((variables[way] for way in ways if way in variables), "the file")
    return named if one.is_written else ""
