"""All that a client can ask, as flows: what both clients share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from retouch.client import flows, following, parse
from retouch.client.errors import ConfigurationError
from retouch.client.flows import Manners
from retouch.client.orders import Order
from retouch.client.pictures import Given
from retouch.client.steps import Call, Deadline, Flow
from retouch.client.values import Balance, EditResult, Model, Plan, Task, TaskPage, Upload

TIMEOUT_S: Final = 600.0
RETRIES: Final = 4
_Tasks: TypeAlias = list[Task | None]  # the class has a method called list


@dataclass(frozen=True, slots=True)
class Talk:
    """``timeout_s`` is for a whole call, all its tries and pauses together."""

    manners: Manners
    timeout_s: float

    @classmethod
    def of(cls, language: str | None, timeout: float, retries: int) -> Talk:
        """Raises ConfigurationError for numbers that make no sense."""
        if retries < 0:
            raise ConfigurationError("retries is 0 or more")
        return cls(Manners(retries, language), _positive(timeout))

    def edit(self, order: Order, timeout: float | None) -> Flow[EditResult]:
        """Submit, follow, download."""
        return following.edit(order, self.manners, self._deadline(timeout))

    def submit(self, order: Order) -> Flow[str]:
        """Submit alone."""
        return flows.submit(order, self.manners, self._deadline())

    def follow(self, task_id: str, timeout: float | None) -> Flow[Task]:
        """Events, and the task at its end."""
        return following.follow(task_id, self.manners, self._deadline(timeout))

    def download(self, task: Task) -> Flow[EditResult]:
        """The pictures."""
        return flows.download(task, self.manners, self._deadline())

    def get(self, task_id: str) -> Flow[Task]:
        """One task."""
        return flows.get(task_id, self.manners, self._deadline())

    def batch(self, task_ids: Iterable[str]) -> Flow[_Tasks]:
        """Many tasks."""
        return flows.batch(tuple(task_ids), self.manners, self._deadline())

    def list(self, status: str | None, limit: int, cursor: str | None) -> Flow[TaskPage]:
        """One page of the account's tasks."""
        asked = {"status": status, "limit": str(limit), "cursor": cursor}
        given = {name: value for name, value in asked.items() if value is not None}
        call = Call("GET", "/v1/tasks", params={**self.manners.params, **given})
        return flows.answered(call, parse.page, self.manners, self._deadline())

    def cancel(self, task_id: str) -> Flow[Task]:
        """Cancel it."""
        return flows.cancel(task_id, self.manners, self._deadline())

    def delete(self, task_id: str) -> Flow[bool]:
        """Delete it."""
        return flows.delete(task_id, self.manners, self._deadline())

    def upload(self, picture: Given) -> Flow[Upload]:
        """Keep a picture."""
        return flows.upload(picture, self.manners, self._deadline())

    def plan(self, prompt: str, model: str | None) -> Flow[Plan]:
        """What would be done."""
        body = {"prompt": prompt} if model is None else {"prompt": prompt, "model": model}
        call = Call("POST", "/v1/plan", params=self.manners.params, json=body)
        return flows.answered(call, parse.plan, self.manners, self._deadline())

    def models(self) -> Flow[tuple[Model, ...]]:
        """The models."""
        return flows.answered(Call("GET", "/v1/models"), parse.models, self.manners, self._deadline())

    def balance(self) -> Flow[Balance]:
        """What is left."""
        return flows.answered(Call("GET", "/v1/balance"), parse.balance, self.manners, self._deadline())

    def _deadline(self, timeout: float | None = None) -> Deadline:
        return Deadline.after(self.timeout_s if timeout is None else _positive(timeout))


def _positive(seconds: float) -> float:
    if not seconds > 0:
        raise ConfigurationError("a timeout is more than 0 seconds")
    return seconds
