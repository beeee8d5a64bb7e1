"""Pages of accounts: doors (joining, log-in, set-up), settings, tokens, organisations."""

from pioche.accounts.pages import doors, orgs, settings, tokens

routes = [*doors.routes, *settings.routes, *tokens.routes, *orgs.routes]
