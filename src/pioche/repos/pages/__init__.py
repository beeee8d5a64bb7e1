"""HTML pages of repositories."""

from pioche.repos.pages import discover, lists, manage, show, write

routes = [*discover.routes, *lists.routes, *manage.routes, *show.routes, *write.routes]
