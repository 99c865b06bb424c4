from __future__ import annotations

from listsync.config_types import SecretStr

TEXT = "MTczaunter2key=="


def test_a_secret_is_shown_nowhere() -> None:
    secret = SecretStr(TEXT)
    shown = f"{secret} {secret!r} {[secret]} {secret!s:>20}"
    assert TEXT not in shown
    assert secret.get_secret_value() == TEXT


def test_secrets_are_the_same_when_their_texts_are() -> None:
    assert SecretStr(TEXT) == SecretStr(TEXT)
    assert SecretStr(TEXT) != SecretStr("other")
    assert SecretStr(TEXT) != TEXT
    assert len({SecretStr(TEXT), SecretStr(TEXT)}) == 1


def test_an_empty_secret_is_none() -> None:
    assert not SecretStr("")
    assert SecretStr(" ")
