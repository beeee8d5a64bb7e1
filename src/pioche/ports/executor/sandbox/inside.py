"""The first process of a run, inside its sandbox: leads `127.0.0.1:8470` to the hub, and runs the command.

Of the standard library alone. Arguments: the path of the hub's socket (or `-`), that of the proxy's, then the command;
standard input: the variables of the command (JSON), which are nobody else's.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading

PORT = 8470
PROXY_PORT = 8471
HOME = "/home/run"


def pipe(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def lead_to(door: str, port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=64)

    def serve() -> None:
        while True:
            client, _ = listener.accept()
            hub = socket.socket(socket.AF_UNIX)
            try:
                hub.connect(door)
            except OSError:
                client.close()
                continue
            for one, other in ((client, hub), (hub, client)):
                threading.Thread(target=pipe, args=(one, other), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def main() -> int:
    doors, command = sys.argv[1:3], sys.argv[3:]
    variables = json.loads(sys.stdin.buffer.read())
    os.chdir(HOME)  # here, because only the run's own user may enter it
    for door, port in zip(doors, (PORT, PROXY_PORT), strict=True):
        if door != "-":
            lead_to(door, port)
    try:
        return _status(subprocess.run(command, check=False, stdin=subprocess.DEVNULL, env=variables).returncode)
    except FileNotFoundError:
        print(f"{command[0]}: there is no such command here.", file=sys.stderr)
        return 127
    except OSError as error:
        print(f"{command[0]}: {error.strerror}.", file=sys.stderr)
        return 126


def _status(code: int) -> int:
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os._exit(main())
