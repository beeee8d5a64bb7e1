"""The verbs of accounts. `Accounts` is what other rooms use; settings pages use the nouns behind it too."""

from pioche.accounts.service.accounts import Accounts

__all__ = ["Accounts"]
