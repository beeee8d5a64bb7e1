"""Pages of buckets."""

from pioche.buckets.pages import browse, manage

routes = [*browse.routes, *manage.routes]
