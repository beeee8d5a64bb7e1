"""The verbs of large files: what the hub holds (`Lfs`), and its parts: bytes coming in (`uploads`), `locks`, signed
addresses (`links`), and how files become chunks (`conversion`).
"""

from pioche.lfs.service.files import Lfs

__all__ = ["Lfs"]
