"""No mail: what a hub does until its admin says where mail goes."""

from __future__ import annotations

from pioche.ports.mail import Mail


class NoMailer:
    is_on = False

    def send(self, mail: Mail) -> None:
        """Drops it."""
