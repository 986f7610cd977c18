"""Prices: a delivered picture costs what it did when it was asked for; what was not delivered is free."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import STARRY, Work, connect
from tests.support_tasks import FAILURE

from retouch.errors import SetupError
from retouch.settings import Settings, load_settings
from retouch.tasks.keys import KeyStore

MODEL = str(STARRY["model"])


def priced(settings: Settings, price: str) -> Settings:
    route = settings.models[MODEL].model_copy(update={"price": Decimal(price)})
    return settings.model_copy(update={"models": {**settings.models, MODEL: route}})


async def test_a_delivered_picture_costs_its_price_and_a_failure_nothing(
    start: Start, settings: Settings, keys: KeyStore, work: Work
) -> None:
    token = (await keys.create("k")).token
    async with connect(start(priced(settings, "0.04")), token) as client:
        models = {model["id"]: model["price"] for model in (await client.get("/v1/models")).json()["data"]}
        assert models == {MODEL: 0.04, "retouch-builtin": 0}
        made = [await client.post("/v1/images/edits", json=STARRY | {"n": 3}) for _ in range(3)]
        whole, failing, leaving = [answer.json()["data"][0]["task_id"] for answer in made]
        # The worker's settings know no price: that of the submit stands in the row.
        await work.complete(whole, pictures=3)
        await work.fail(failing, FAILURE)
        await client.post(f"/v1/tasks/{leaving}/cancel")
        for task_id, cost in ((whole, 0.12), (failing, 0), (leaving, 0)):
            task = (await client.get(f"/v1/tasks/{task_id}")).json()["data"]
            assert (task["cost"], task["credits_cost"]) == (cost, cost)
        balance = (await client.get("/v1/balance")).json()
        assert balance == {
            "success": True,
            "remain_balance": -1,
            "used_balance": 0.12,
            "unlimited_quota": True,
        }


def test_a_price_stands_in_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "retouch.toml"
    monkeypatch.setenv("RETOUCH_CONFIG", str(file))
    file.write_text('[models."m"]\nengines = ["builtin"]\nprice = 0.04\n', encoding="utf-8")
    loaded = load_settings(data_dir=tmp_path)
    assert loaded.price_of("m") == Decimal("0.04")
    assert loaded.price_of("unknown") == 0
    for wrong in ("-1", "0.0000001", '"cheap"', "nan"):
        file.write_text(f'[models."m"]\nengines = ["builtin"]\nprice = {wrong}\n', encoding="utf-8")
        with pytest.raises(SetupError, match="price"):
            load_settings(data_dir=tmp_path)
