"""Pages about people: profiles, followers, and what they do."""

from pioche.follows.pages import people, profile

routes = [*people.routes, *profile.routes]
