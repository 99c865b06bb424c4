"""Every list service is laid out alike: the configuration needs two light modules of each."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType

import pytest

from listsync.app.provider_table import PROVIDERS
from listsync.config.values import SERVICES
from listsync.config_types import Options

EACH = pytest.mark.parametrize("service", SERVICES)


def classes_of(module: ModuleType) -> list[type]:
    found = (one for _, one in inspect.getmembers(module, inspect.isclass))
    return [one for one in found if one.__module__ == module.__name__]


def test_every_service_that_can_be_written_can_be_read() -> None:
    assert PROVIDERS.keys() == SERVICES.keys()


@EACH
def test_the_package_itself_holds_its_description_only(service: str) -> None:
    package = import_module(f"listsync.providers.{service}")
    assert package.__doc__
    own = inspect.getsource(package).replace(package.__doc__, "").replace('""""""', "")
    assert own.strip() == "from __future__ import annotations"


@EACH
def test_each_part_is_in_its_module(service: str) -> None:
    source, reader = (
        import_module(f"listsync.providers.{service}.{part}") for part in ("source", "reader")
    )
    assert callable(source.parse)
    assert service == source.SERVICE
    assert source.FORMS
    own_options = 0 if service == "seerr" else 1  # it is reached as `server` says
    assert sum(issubclass(one, Options) for one in classes_of(source)) == own_options
    assert sum(hasattr(one, "fetch") for one in classes_of(reader)) == 1
