"""Notifications: who is told of what, in the page and by mail; watching and muting.

Tables: `notifications`, `watches`, `notification_settings`, `mail_items` (all truth). Whether somebody may see what
they are told of is asked when the notification is made, and again whenever it is shown, counted or mailed.
"""
