"""`Delivering`: sends what waits, keeps a log of it, sends again on request."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence

import msgspec

from pioche.accounts.types import Actor
from pioche.errors import HubError, NotFound
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.webhooks import sending, store
from pioche.webhooks.payload import HookPart
from pioche.webhooks.sending import Answer, Network
from pioche.webhooks.service.gathering import DELIVER_TASK, external
from pioche.webhooks.service.hooks import require_owner
from pioche.webhooks.types import Delivery

ATTEMPTS = 5
"""Tries of one delivery: at once, then after 2 s, 8 s, 32 s and 2 minutes."""
MAX_FAILURES = 20
"""Deliveries given up one after the other: then the hook is disabled."""
KEPT_MS = 30 * 24 * 3600 * 1000
PAGE = 50


class DeliveryFailed(HubError):
    """The address did not take it. The task is tried again."""

    code = "DeliveryFailed"


class Delivering:
    """`networks`: private ones that may be sent to."""

    def __init__(self, database: Database, queue: Queue, networks: Sequence[Network]) -> None:
        self._database = database
        self._queue = queue
        self._networks = networks

    def deliver(self, number: int) -> None:
        """Raises `DeliveryFailed` while there are tries left."""
        with self._database.read() as tx:
            delivery = store.delivery(tx, number)
            target = None if delivery is None else store.target_of(tx, delivery.webhook_id)
        if delivery is None or target is None or delivery.state != "waiting":
            return
        if target.disabled:
            answer = Answer(None, "", "The webhook was disabled.")
            self._record(delivery, answer, ATTEMPTS)
            return
        body = delivery.payload.encode()
        answer = sending.post(target.url, body, headers(body, target.secret, delivery), self._networks)
        if self._record(delivery, answer, delivery.attempts + 1) == "waiting":
            raise DeliveryFailed(f"Delivery {number} was not taken: {answer.error or answer.status}.")

    def page(self, actor: Actor, webhook_id: int, before: int | None = None) -> Sequence[Delivery]:
        require_owner(actor, changes=False)
        with self._database.read() as tx:
            _require_hook(tx, actor, webhook_id)
            return store.deliveries(tx, webhook_id, before, PAGE)

    def find(self, actor: Actor, webhook_id: int, number: int) -> Delivery:
        require_owner(actor, changes=False)
        with self._database.read() as tx:
            return _required(tx, actor, webhook_id, number)

    def replay(self, actor: Actor, webhook_id: int, number: int) -> Delivery:
        """The same message once more, as a delivery of its own."""
        require_owner(actor, changes=True)
        with self._database.write() as tx:
            old = _required(tx, actor, webhook_id, number)
            return self._add(tx, webhook_id, old.event, old.payload)

    def ping(self, actor: Actor, webhook_id: int) -> Delivery:
        """A message that says nothing but that it arrives."""
        require_owner(actor, changes=True)
        with self._database.write() as tx:
            _require_hook(tx, actor, webhook_id)
            event = {"action": "update", "scope": "ping"}
            payload = {"event": event, "webhook": HookPart(external(webhook_id))}
            return self._add(tx, webhook_id, "ping", msgspec.json.encode(payload).decode())

    def forget(self) -> None:
        with self._database.write() as tx:
            store.forget(tx, tx.now - KEPT_MS)

    def _add(self, tx: Tx, webhook_id: int, event: str, payload: str) -> Delivery:
        number = store.add_delivery(tx, webhook_id, event, payload)
        self._queue.enqueue(tx, DELIVER_TASK, {"delivery_id": number})
        made = store.delivery(tx, number)
        assert made is not None, "it was added in this transaction"
        return made

    def _record(self, delivery: Delivery, answer: Answer, attempts: int) -> str:
        """The state that it is in now."""
        state = "done" if answer.arrived else "failed" if attempts >= ATTEMPTS else "waiting"
        with self._database.write() as tx:
            store.set_delivery(
                tx,
                delivery.id,
                {
                    "state": state,
                    "attempts": attempts,
                    "status": answer.status,
                    "response": answer.body.replace("\x00", ""),
                    "error": answer.error[:500],
                    "milliseconds": answer.milliseconds,
                    "sent_at": tx.now,
                },
            )
            if state == "done":
                store.change(tx, delivery.webhook_id, {"failures": 0})
            elif state == "failed" and store.count_failure(tx, delivery.webhook_id) >= MAX_FAILURES:
                note = f"Disabled by the hub: {MAX_FAILURES} messages in a row were not taken."
                store.change(tx, delivery.webhook_id, {"disabled": True, "note": note})
        return state


def headers(body: bytes, secret: str, delivery: Delivery) -> dict[str, str]:
    """The signature is over the time and the body, so that a message cannot be sent again by others much later."""
    said = {
        "Content-Type": "application/json",
        "User-Agent": "Pioche-Webhook/1",
        "X-Webhook-Id": external(delivery.webhook_id),
        "X-Webhook-Delivery": external(delivery.id),
    }
    if secret:
        moment = str(int(time.time()))
        digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        said |= {"X-Webhook-Secret": secret, "X-Webhook-Signature": f"t={moment},v1={digest}"}
    return said


def _require_hook(tx: Tx, actor: Actor, webhook_id: int) -> None:
    if store.find(tx, actor, webhook_id) is None:
        raise NotFound("You have no such webhook.")


def _required(tx: Tx, actor: Actor, webhook_id: int, number: int) -> Delivery:
    _require_hook(tx, actor, webhook_id)
    found = store.delivery(tx, number, webhook_id)
    if found is None:
        raise NotFound("This webhook has sent no such message, or it is too long ago.")
    return found
