"""Text that people read, by gettext. English is what stands in the source; catalogues are in `pioche/locale`.

`make messages` collects every marked text into `locale/pioche.pot`.
"""

from __future__ import annotations

import gettext
from pathlib import Path

import pioche

LOCALE = Path(pioche.__file__).parent / "locale"
LANGUAGES = ("en",)

translations = gettext.translation("pioche", LOCALE, list(LANGUAGES), fallback=True)


def _(message: str) -> str:
    """The text in the reader's language."""
    return translations.gettext(message)
