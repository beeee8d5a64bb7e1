"""HTML pages of repositories."""

from pioche.repos.pages import lists, manage, show, write

routes = [*lists.routes, *manage.routes, *show.routes, *write.routes]
