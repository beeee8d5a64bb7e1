"""The verbs of OAuth."""

from pioche.oauth.service.oauth import Oauth

__all__ = ["Oauth"]
