"""The verbs of notifications: `Inbox`, `Watching`, `Telling`, `Mailing` and `Access`, together as `Notifications`."""

from __future__ import annotations

from pioche.accounts.grants import Signer
from pioche.notifications.mails import Writer
from pioche.notifications.service.access import Access
from pioche.notifications.service.inbox import Inbox
from pioche.notifications.service.mailing import Mailing
from pioche.notifications.service.telling import Telling
from pioche.notifications.service.watching import Watching
from pioche.ports.database import Database
from pioche.ports.mail import Mailer
from pioche.queue.service import Queue
from pioche.settings import Settings


class Notifications:
    def __init__(self, database: Database, queue: Queue, mailer: Mailer, signer: Signer, settings: Settings) -> None:
        self.inbox = Inbox(database)
        self.watching = Watching(database, signer)
        self.telling = Telling(database, queue, mailer.is_on)
        base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
        writer = Writer(base, settings.site_name)
        self.mailing = Mailing(database, queue, mailer, self.watching, writer)
        self.access = Access(database, queue, mailer, self.watching, writer)
