"""`pioche serve`: web, workers and scheduler in one process."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import click
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from pioche.app import build_app, build_hub
from pioche.cli import data_option
from pioche.errors import InvalidInput
from pioche.hub import Hub
from pioche.ports.executor.sandbox.keeper import start_time
from pioche.settings import Settings, load_settings
from pioche.web.asgi import HubApp

# How long requests that are under way may take to end after SIGTERM.
DRAIN_SECONDS = 25.0
# Threads of the server that read and write sockets: with one, bytes wait for each other and come in smaller pieces.
SOCKET_THREADS = 2
# Threads for short waits on the disk during transfers, started as they are needed.
DISK_THREADS = 32


@click.command()
@click.option("--host", default=None, help="Address to listen on (127.0.0.1).")
@click.option("--port", type=int, default=None, help="Port to listen on (8470); 0 picks a free one.")
@data_option
def serve(host: str | None, port: int | None, data: Path | None) -> None:
    """Start the hub."""
    settings = load_settings({"host": host, "port": port, "data": data})
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells the steps of every start
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    port = settings.port or _free_port(settings.host)
    _check_port(settings.host, port)
    settings = replace(settings, port=port)
    hub = build_hub(settings)
    hold(settings.data)
    settle(hub)
    app = build_app(hub)
    server = Server(
        app,
        address=settings.host,
        port=port,
        interface=Interfaces.ASGI,
        runtime_threads=SOCKET_THREADS,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(DISK_THREADS, thread_name_prefix="disk"))
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    serving = asyncio.ensure_future(server.serve())
    start_background(hub)
    _greet(hub, settings, port)
    await asyncio.wait((serving, asyncio.ensure_future(stopping.wait())), return_when=asyncio.FIRST_COMPLETED)
    await _drain(app)
    server.stop()  # type: ignore[no-untyped-call]
    await serving
    await loop.run_in_executor(None, hub.queue.stop)
    await loop.run_in_executor(None, hub.downloads.flush)
    await loop.run_in_executor(None, hub.inference.workers.stop_all)
    hub.database.close()


def settle(hub: Hub) -> None:
    """What a crash left half done, before anybody can see it. Only for who holds the data folder."""
    hub.blobs.drop_abandoned_spools()
    hub.refs.reconcile()
    hub.repos.sweep()


def hold(data: Path) -> int:
    """Until it is closed: two hubs on one folder would settle what the other one is doing."""
    # Not inherited by git, so that it ends with us; kept open by not being closed.
    descriptor = os.open(data / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise InvalidInput(f"A hub is running on {data} already. Stop it, or choose another folder.") from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()} {start_time(os.getpid())}".encode())
    return descriptor


def holder(data: Path) -> int:
    """The process of the hub that runs on a folder; 0 if none does, or none that is seen from here.

    The lock is not tried: a hub that starts in that moment would be refused.
    """
    try:
        number, started = (data / "serve.lock").read_text().split()
        return int(number) if start_time(int(number)) == started else 0
    except (OSError, ValueError, IndexError):
        return 0


def start_background(hub: Hub) -> None:
    hub.queue.start(hub)


async def _drain(app: HubApp) -> None:
    """Lets requests that are under way end; new ones are still answered until then."""
    app.draining = True
    deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
    while app.open_requests and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)


def _greet(hub: Hub, settings: Settings, port: int) -> None:
    url = settings.public_url or f"http://{settings.host}:{port}"
    click.echo(f"Pioche is at {url}")
    click.echo(f"  data    {settings.data}")
    setup_key = hub.accounts.setup_key()
    if setup_key is not None:
        click.echo("  Nobody has an account yet. Make the first admin here, once:")
        click.echo(f"  {url}/setup?key={setup_key}")
    click.echo(f"  clients export HF_ENDPOINT={url}")
    click.echo("  stop    Ctrl C", nl=True)


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _check_port(host: str, port: int) -> None:
    """A plain message instead of the server's own, before anything is opened."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidInput(
                f"Cannot listen on {host}:{port}: {error.strerror}. Is a hub running already? "
                "Choose another port with --port or PIOCHE_PORT."
            ) from error
