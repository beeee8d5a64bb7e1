"""Pages of notifications: the inbox, the buttons that watch and mute, the settings, the link in mails."""

from pioche.notifications.pages import inbox, watching

routes = [*inbox.routes, *watching.routes]
