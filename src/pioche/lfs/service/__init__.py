"""The verbs of large files: what the hub holds (`Lfs`), bytes coming in (`Uploads`), locks (`Locks`)."""

from pioche.lfs.service.files import Lfs
from pioche.lfs.service.locks import Locks
from pioche.lfs.service.uploads import Uploads

__all__ = ["Lfs", "Locks", "Uploads"]
