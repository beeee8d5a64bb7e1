"""The verbs of webhooks: `Hooks` (one has), `Gathering` (events become deliveries), `Delivering` (they are sent)."""

from __future__ import annotations

from pioche.ports.database import Database
from pioche.queue.service import Queue
from pioche.settings import Settings
from pioche.webhooks.sending import parse_networks
from pioche.webhooks.service.delivering import Delivering
from pioche.webhooks.service.gathering import Gathering
from pioche.webhooks.service.hooks import Hooks


class Webhooks:
    def __init__(self, database: Database, queue: Queue, settings: Settings) -> None:
        self.hooks = Hooks(database)
        self.gathering = Gathering(database, queue, settings)
        self.delivering = Delivering(database, queue, parse_networks(settings.webhook_networks))
