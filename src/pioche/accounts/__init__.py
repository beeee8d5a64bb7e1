"""Accounts: people, organisations, their tokens and log-ins, and who may do what (`access.py`).

Truth: `accounts`, `users`, `members`, `tokens`, `sessions`. Emits `UserJoined`. Hears nothing.
"""
