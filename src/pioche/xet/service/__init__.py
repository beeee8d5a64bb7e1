"""The verbs of the content store: `Xet` for the rooms above, `Cas` for the routes that Xet clients call."""

from pioche.xet.service.cas import Cas
from pioche.xet.service.reader import Reader
from pioche.xet.service.xet import Xet

__all__ = ["Cas", "Reader", "Xet"]
