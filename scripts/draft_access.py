"""Prints rows for `tests/access_matrix.tsv`: every address that has none yet, with what the hub answers now.

Arguments: a part of an address (only those), and after it a JSON object for the column `request` (see
`pioche.testkit.access`). Look at each status before you keep it: the table says what must be, not what is.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from pioche.app import ROUTES, build_hub
from pioche.settings import Settings
from pioche.testkit.access import PEOPLE, Asker, Row, address_of, read_table
from pioche.testkit.people import cast_on
from pioche.testkit.server import Server

TABLE = Path(__file__).parent.parent / "tests" / "access_matrix.tsv"
ABOUT = re.compile(r"\{(repo|bucket|collection)")


def main(part: str = "", request: str = "") -> None:
    routes = [route for group in ROUTES for route in group]
    written = {row.key for row in read_table(TABLE)}
    keys = {(address_of(route), route.method) for route in routes if (route.method, address_of(route)) not in written}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data").start()
        cast = cast_on(server.data)
        hub = build_hub(Settings(data=server.data))
        asker = Asker(server.url, hub, cast, routes)
        for address, method in sorted(key for key in keys if part in key[0]):
            for visibility in ("private", "public") if ABOUT.search(address) else ("-",):
                row = Row(method, address, visibility, {}, json.loads(request or "{}"))
                statuses = [str(asker.ask(row, person).status_code) for person in PEOPLE]
                print("\t".join([method, address, visibility, *statuses, request]))
        asker.close()
        hub.database.close()
        server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
