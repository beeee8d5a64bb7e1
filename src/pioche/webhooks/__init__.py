"""Webhooks: what happens to repositories, and in their discussions, is sent to an address that somebody chose.

Tables: `webhooks`, `webhook_watches` (truth); `webhook_deliveries` (truth until they are sent, then a log kept for 30
days). Hears the events of repositories and discussions. An owner of a hook is sent only what they may see at that
moment.
"""
