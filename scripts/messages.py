"""Writes the catalogue of texts, src/pioche/locale/pioche.pot, from the code and the templates.

`--check` writes nothing and fails if the catalogue is not what the code says. Sorted, without places and dates: the
same texts always make the same file.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "src" / "pioche" / "locale" / "pioche.pot"
UNSTABLE = ('"POT-Creation-Date:', '"PO-Revision-Date:', '"Generated-By:', "#, fuzzy")
HEADER = "# The texts of Pioche that people read. Written by `make messages`; edit the code instead.\n#"


def main(arguments: list[str]) -> int:
    text = catalogue()
    if CATALOGUE.read_text() == text:
        return 0
    if "--check" in arguments:
        print("The catalogue of texts is not what the code says (run `make messages`).")
        return 1
    CATALOGUE.write_text(text)
    return 0


def catalogue() -> str:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog(project="Pioche", version="", header_comment=HEADER, fuzzy=False)
    for _, _, message, _, context in extract_from_dir(ROOT, methods, options):
        found.add(message, context=context)
    out = io.BytesIO()
    write_po(out, found, width=120, no_location=True, sort_output=True)
    lines = out.getvalue().decode().splitlines(keepends=True)
    head, body = lines[:20], lines[20:]
    return "".join([*(line for line in head if not line.startswith(UNSTABLE)), *body])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
