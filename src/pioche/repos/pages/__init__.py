"""HTML pages of repositories."""

from pioche.repos.pages import discover, find, lists, manage, show, write

routes = [*discover.routes, *find.routes, *lists.routes, *manage.routes, *show.routes, *write.routes]
