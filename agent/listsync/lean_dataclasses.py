"""The standard library's `dataclass`, whose methods are written when the first record is made.

It compiles six functions for each class where that is defined: a millisecond, and 12 kB that stay.
Most of the records that a process knows of are never made in it, and most of those neither shown
nor compared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]
_WRITTEN = ("__init__", "__repr__", "__eq__", "__hash__", "__getstate__", "__setstate__")
_NAMES = ("__doc__", "__module__", "__post_init__", "__qualname__")


def _define(cls: type[Any] | None = None, /, *, kw_only: bool = False, **more: bool) -> Any:
    """Find the fields, make the slots: what is asked of the class before there are records."""
    if cls is None:
        return partial(_define, kw_only=kw_only, **more)
    own = {name: value for name, value in vars(cls).items() if name in _WRITTEN}
    bare = {"init": False, "repr": False, "eq": False, "slots": more.get("slots", False)}
    defined = dataclasses.dataclass(**bare, kw_only=kw_only)(cls)

    def __init__(self: object, *values: object, **named: object) -> None:  # noqa: N807
        _begin(defined, own, more)
        defined.__init__(self, *values, **named)

    defined.__init__ = __init__
    return defined


def _begin(defined: type[Any], own: dict[str, Any], how: dict[str, bool]) -> None:
    """Write how a record is made; how it is shown and compared when that is asked of one.

    Two threads may do so at once: both write the same. Who has such methods of its own gets all.
    """
    if own:
        _write_methods(defined, own, how)
        return
    is_shown, is_compared = how.get("repr", True), how.get("eq", True)
    for name in ("__repr__",) * is_shown + ("__eq__", "__hash__") * is_compared:
        setattr(defined, name, _later(defined, how, name))
    if is_compared and not how.get("frozen"):
        defined.__hash__ = None  # type: ignore[assignment] # as the standard library has it
    _write_methods(defined, own, how | {"repr": False, "eq": False})


def _later(defined: type[Any], how: dict[str, bool], name: str) -> Callable[..., Any]:
    def method(self: object, *values: object) -> Any:
        _write_methods(defined, {}, how | {"init": False})
        return getattr(defined, name)(self, *values)

    return method


def _write_methods(defined: type[Any], own: dict[str, Any], how: dict[str, bool]) -> None:
    """Take over what the standard library writes for a class of the same fields."""
    fields = dataclasses.fields(defined)
    body = own | {field.name: field for field in fields}
    body["__annotations__"] = {field.name: field.type for field in fields}
    body |= {name: getattr(defined, name) for name in _NAMES if hasattr(defined, name)}
    twin: type = dataclasses.dataclass(**how)(type(defined.__name__, (), body))
    for name in _WRITTEN:
        if name in vars(twin):
            setattr(defined, name, vars(twin)[name])
    if how.get("frozen"):
        for name in ("__setattr__", "__delattr__"):
            setattr(defined, name, _refuse)


def _refuse(_: object, name: str, *_value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot change {name!r}")


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _define
