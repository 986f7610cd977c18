"""API keys: shown once, kept as an HMAC, revoked within seconds, and the first one made once."""

from __future__ import annotations

import asyncio
import re
from typing import Self

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from retouch.database.pool import Pool
from retouch.errors import SetupError
from retouch.keyring import Keyring
from retouch.settings import Settings
from retouch.tasks.keys import CACHE_S, KeyStore, Principal
from retouch.tasks.secret import check_secret


async def test_a_key_proves_its_account(keys: KeyStore) -> None:
    made = await keys.create("laptop", account="anna", admin=True)
    assert re.fullmatch(r"rt_[0-9A-Za-z]{10}_[0-9A-Za-z]{43}", made.token)
    assert made.token not in repr(made)
    assert await keys.authenticate(made.token) == Principal("anna", made.id, admin=True)


async def test_the_token_is_nowhere_in_the_database(keys: KeyStore, pool: Pool) -> None:
    made = await keys.create("laptop")
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT api_keys::text AS row FROM api_keys")).fetchall()
    assert made.token.rpartition("_")[2] not in str(rows)


async def test_a_changed_token_is_nobody(keys: KeyStore) -> None:
    token = (await keys.create("laptop")).token
    for place in (3, 20, len(token) - 1):
        other = "x" if token[place] != "x" else "y"
        assert await keys.authenticate(token[:place] + other + token[place + 1 :]) is None


@hypothesis_settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(token=st.one_of(st.text(), st.from_regex(r"rt_.{10}_.*")))
def test_any_text_is_a_token_of_nobody(keys_of_nobody: KeyStore, token: str) -> None:
    assert asyncio.run(keys_of_nobody.authenticate(token)) is None


class _NoDatabase:
    """Answers that there is no such key."""

    def connection(self) -> _NoDatabase:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def execute(self, _: str, values: dict[str, str]) -> _NoDatabase:
        assert values["prefix"].isalnum()  # a zero byte, say, would be an error of the driver
        return self

    async def fetchone(self) -> None:
        return None


@pytest.fixture
def keys_of_nobody() -> KeyStore:
    return KeyStore(_NoDatabase(), Keyring(b"x" * 32))  # type: ignore[arg-type]  # a stand-in for the pool


async def test_a_revoked_key_is_nobody_at_once_here_and_soon_elsewhere(
    keys: KeyStore, pool: Pool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = KeyStore(pool, Keyring.open(settings))
    made = await keys.create("laptop")
    assert await elsewhere.authenticate(made.token)
    assert await keys.revoke(made.id)
    assert await keys.authenticate(made.token) is None
    assert CACHE_S <= 5
    monkeypatch.setattr("retouch.tasks.keys.CACHE_S", 0.0)
    assert await elsewhere.authenticate(made.token) is None
    assert not await keys.revoke(made.id)


@pytest.mark.parametrize("by", ["id", "prefix", "name"])
async def test_a_key_is_revoked_by_what_the_list_shows(keys: KeyStore, by: str) -> None:
    await keys.create("laptop")
    await keys.create("server")
    shown = (await keys.list())[-1]
    assert await keys.revoke(str(getattr(shown, by)))
    assert [key.revoked_at is None for key in await keys.list()] == [True, False]


async def test_of_many_first_starts_one_makes_the_first_key(keys: KeyStore) -> None:
    made = await asyncio.gather(*(keys.ensure_first_key() for _ in range(8)))
    first = [key for key in made if key is not None]
    assert len(first) == 1
    principal = await keys.authenticate(first[0].token)
    assert principal is not None
    assert principal.admin
    await keys.revoke(first[0].id)
    assert await keys.ensure_first_key() is None


async def test_another_secret_is_noticed_at_the_start(pool: Pool, settings: Settings) -> None:
    keyring = Keyring.open(settings)
    await check_secret(pool, keyring)
    await check_secret(pool, keyring)
    with pytest.raises(SetupError, match="another secret"):
        await check_secret(pool, Keyring(b"another secret of 32 characters.."))
