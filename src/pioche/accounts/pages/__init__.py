"""Pages of accounts: doors (joining, log-in, set-up), settings, tokens, organisations."""

from pioche.accounts.pages import doors, groups, orgs, resets, settings, tokens

routes = [*doors.routes, *resets.routes, *settings.routes, *tokens.routes, *orgs.routes, *groups.routes]
