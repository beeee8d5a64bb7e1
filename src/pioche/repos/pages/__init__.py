"""HTML pages of repositories."""

from pioche.repos.pages import discover, find, gates, lists, manage, show, write

routes = [*discover.routes, *find.routes, *gates.routes, *lists.routes, *manage.routes, *show.routes, *write.routes]
