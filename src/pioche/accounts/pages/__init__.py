"""Pages of accounts: doors (joining, log-in, set-up), settings, tokens, organisations."""

from pioche.accounts.pages import doors, groups, orgs, resets, service_accounts, settings, tokens

routes = [
    *doors.routes,
    *resets.routes,
    *settings.routes,
    *tokens.routes,
    *orgs.routes,
    *groups.routes,
    *service_accounts.routes,
]
