"""JSON of accounts: who am I, who is that, who is in there."""

from pioche.accounts.api import groups, orgs, profiles, service_accounts, whoami

routes = [*whoami.routes, *profiles.routes, *orgs.routes, *groups.routes, *service_accounts.routes]
