"""The pytest plugin: fixtures by name. What each gives is described where it is made."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioche.testkit import databases
from pioche.testkit.client_calls import CALLS, write_table
from pioche.testkit.server import Server

# Loaded by every run of pytest, so what needs the whole hub or a client is imported by the fixture that needs it.
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from pioche.hub import Hub
    from pioche.testkit.clients import Git, Hf
    from pioche.testkit.factories import Make
    from pioche.testkit.people import Cast
    from pioche.testkit.postgres import Cluster

MIB = 1024 * 1024


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--large", type=int, default=64, help="MiB of the large files that client tests move (64).")
    parser.addoption(
        "--database",
        choices=["sqlite", "postgres"],
        default=os.environ.get("PIOCHE_TEST_DATABASE", "sqlite"),
        help="What every hub of the tests keeps its tables in (sqlite).",
    )
    parser.addoption("--client-table", action="store_true", help="End with a table of the calls of the stock client.")


def pytest_configure(config: pytest.Config) -> None:
    """The client in this process remembers what hubs had, by address, in the developer's home: here each run is new.

    It reads the variable when it is imported, which is later.
    """
    folder = tempfile.mkdtemp(prefix="pioche-client-")
    os.environ["HF_HOME"] = folder
    # Threads of torch that wait for each other sleep, here and in what tests start: hubs and browsers work beside them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    config.add_cleanup(databases.stop)
    if config.getoption("--database") == "postgres":
        databases.use_postgres()


# -- which database --


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "postgres":
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason="looks into the file of SQLite"))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None:
        databases.drop_below(folder)


@pytest.fixture(scope="session")
def postgres() -> Cluster:
    """A PostgreSQL server with no database yet: `postgres.empty()` is the address of a new one."""
    if not databases.postgres_is_installed():
        pytest.skip("PostgreSQL is not installed: scripts/system-packages postgresql")
    return databases.cluster()


# -- which calls of the stock client were made, in tests that passed --


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.config.getoption("--client-table") and item.get_closest_marker("client"):
        CALLS.begin()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        CALLS.end(report.passed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--client-table"):
        terminalreporter.section("calls of the stock client | passed")
        write_table(terminalreporter.write_line)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A call that nothing has proven fails the run. One of several processes tells what it has proven."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["calls"] = sorted(CALLS.proven)
    elif session.config.getoption("--client-table") and not write_table(lambda _: None):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of several processes (xdist) has ended."""
    CALLS.proven.update(getattr(node, "workeroutput", {}).get("calls", ()))


@pytest.fixture(scope="session")
def large_size(request: pytest.FixtureRequest) -> int:
    """Bytes of a file that is large for this run: `--large 1024` for 1 GiB."""
    return int(request.config.getoption("--large")) * MIB


# -- hubs --


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A whole hub in this process, without HTTP, on an empty data folder."""
    from pioche.app import build_hub
    from pioche.settings import Settings

    hub = build_hub(Settings(data=tmp_path / "data"))
    yield hub
    hub.database.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running hub that all tests of the session share: use names of your own."""
    server = Server(tmp_path_factory.mktemp("server") / "data")
    server.start()
    yield server
    server.put_away()


@pytest.fixture(scope="session")
def cast(server: Server) -> Cast:
    """alice, bob, carol and root, with accounts on `server`."""
    from pioche.testkit.people import cast_on

    return cast_on(server.data)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A running hub for one test alone, to be killed, restarted or filled at will."""
    server = Server(tmp_path / "data")
    server.start()
    yield server
    server.put_away()


@pytest.fixture
def own_cast(own_server: Server) -> Cast:
    """The cast, on `own_server`."""
    from pioche.testkit.people import cast_on

    return cast_on(own_server.data)


@pytest.fixture
def make(server: Server, cast: Cast) -> Make:
    """Makes repositories on `server` with content: `make.repo(cast.alice, files={"a.txt": b"1"})`."""
    from pioche.testkit.factories import Make

    return Make(server.url)


# -- clients --


@pytest.fixture
def hf(server: Server, tmp_path: Path) -> Hf:
    """`hf` on a machine where nobody has logged in; `hf.as_(cast.alice)` is hers."""
    from pioche.testkit.clients import Hf

    return Hf(server.url, tmp_path / "machine")


@pytest.fixture
def git(server: Server, tmp_path: Path) -> Git:
    """Real `git` and Git LFS, with a home of their own."""
    from pioche.testkit.clients import Git

    return Git(server.url, tmp_path / "git-home")


# -- browser --


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once per module: its driver keeps an event loop that other modules must not meet."""
    from pioche.testkit.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page on `server` that nobody is logged in to. Console errors and other hosts fail the test."""
    from pioche.testkit.browser import watched_page

    with watched_page(browser, server.url) as (page, _):
        yield page
