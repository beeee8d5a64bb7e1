"""Runs in the sandbox: what they say, how they end, what they may take, and that they outlive the hub."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pioche.errors import RunNotFound
from pioche.ports.executor import RUNS_ADDRESS, Hold, Limits, Mount, RunSpec, RunStatus
from pioche.ports.executor.sandbox import SandboxExecutor, keeper

pytestmark = pytest.mark.client  # needs bubblewrap

MIB = 1024 * 1024


@pytest.fixture
def executor(tmp_path: Path) -> SandboxExecutor:
    executor = SandboxExecutor(tmp_path / "runs")
    assert executor.unavailable() == ""
    return executor


def ended(executor: SandboxExecutor, name: str, seconds: float = 60) -> RunStatus:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = executor.status(name)
        if status.state == "ended":
            return status
        time.sleep(0.05)
    raise AssertionError(f"{name} has not ended: {executor.status(name)}")


def said(executor: SandboxExecutor, name: str) -> list[str]:
    return [line.text for line in executor.logs(name)[0]]


def python(name: str, code: str, limits: Limits | None = None, **more: object) -> RunSpec:
    return RunSpec(name, ["python3", "-c", code], limits or Limits(60), **more)  # type: ignore[arg-type]


def test_it_runs_and_says_what_it_said(executor: SandboxExecutor) -> None:
    executor.start(RunSpec("one", ["sh", "-c", "echo hello $WHO; echo oops >&2; exit 3"], Limits(60), {"WHO": "you"}))
    status = ended(executor, "one")
    assert (status.reason, status.exit_code) == ("exit", 3)
    assert said(executor, "one") == ["hello you", "oops"]
    lines, position = executor.logs("one")
    assert executor.logs("one", position) == ([], position)
    assert all(abs(line.at - time.time() * 1000) < 60_000 for line in lines)
    executor.remove("one")
    with pytest.raises(RunNotFound):
        executor.status("one")


def test_the_end_of_a_log_is_read_without_the_rest(executor: SandboxExecutor, tmp_path: Path) -> None:
    executor.start(RunSpec("lines", ["seq", "9000"], Limits(60)))
    ended(executor, "lines")
    tail = executor.tail("lines", 3)
    assert ([line.text for line in tail.lines], tail.is_all) == (["8998", "8999", "9000"], False)
    assert executor.logs("lines", tail.position) == ([], tail.position)
    whole = executor.tail("lines", 9000)
    assert (len(whole.lines), whole.lines[0].text, whole.is_all) == (9000, "1", True)
    log = tmp_path / "runs" / "lines" / "log.jsonl"
    with log.open("r+b") as file:
        file.seek(2**36)  # a file with a hole: as long as no log is, and no bytes on the disk
        file.write(b'\n[1, "one"]\n[2, "two"]\n[3, "half a li')
    tail = executor.tail("lines", 2)
    assert ([line.text for line in tail.lines], tail.is_all) == (["one", "two"], False)
    with log.open("ab") as file:
        file.write(b'ne"]\n')
    assert [line.text for line in executor.logs("lines", tail.position)[0]] == ["half a line"]
    assert [line.text for line in executor.logs("lines", tail.position - 3)[0]] == [
        "half a line"
    ]  # within one: the next


def test_a_command_that_is_not_there(executor: SandboxExecutor) -> None:
    executor.start(RunSpec("none", ["no-such-command"], Limits(60)))
    assert ended(executor, "none").exit_code == 127
    assert "there is no such command" in said(executor, "none")[0]


def test_secrets_reach_the_run_and_no_file(executor: SandboxExecutor, tmp_path: Path) -> None:
    executor.start(
        RunSpec("secret", ["sh", "-c", 'test "$KEY" = s3cret-word'], Limits(60), secrets={"KEY": "s3cret-word"})
    )
    assert ended(executor, "secret").exit_code == 0
    written = [path for path in (tmp_path / "runs").rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert written == []


def test_it_is_stopped_with_all_that_it_started(executor: SandboxExecutor) -> None:
    executor.start(RunSpec("stop", ["sh", "-c", "setsid sleep 987 & sleep 987"], Limits(60)))
    while executor.status("stop").state == "starting":
        time.sleep(0.05)
    executor.stop("stop")
    assert ended(executor, "stop").reason == "stopped"
    assert subprocess.run(["pgrep", "-f", "sleep 987"], capture_output=True, check=False).stdout == b""


def test_gpus_are_seen_by_those_who_asked(executor: SandboxExecutor) -> None:
    """On a machine without one, who asked sees as little as who did not."""
    look = "import os; print(sum(name.startswith('nvidia') for name in os.listdir('/dev')))"
    executor.start(python("asked", look, gpus=True))
    executor.start(python("other", look))
    assert ended(executor, "asked").exit_code == ended(executor, "other").exit_code == 0
    there = len([path for path in Path("/dev").glob("nvidia*") if path.is_char_device() or path.name == "nvidia-caps"])
    assert (said(executor, "asked"), said(executor, "other")) == ([str(there)], ["0"])


def test_what_is_stopped_at_once_never_goes_on(executor: SandboxExecutor) -> None:
    for number in range(5):
        executor.start(python(f"early{number}", "import time; time.sleep(60)"))
        executor.stop(f"early{number}")
    for number in range(5):
        assert ended(executor, f"early{number}").reason == "stopped"


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("import time; time.sleep(60)", Limits(seconds=1), "timeout"),
        ("x = bytearray(900 * 2**20); import time; time.sleep(60)", Limits(60, memory=200 * MIB), "memory"),
        ("f = open('big', 'wb')\nwhile True: f.write(b'0' * 2**20); f.flush()", Limits(60, disk=50 * MIB), ""),
        (
            "import os\nfor n in range(99): open(f'{n}', 'wb').write(b'0' * 2**20)\nimport time; time.sleep(60)",
            Limits(60, disk=40 * MIB),
            "disk",
        ),
        (
            "import os\nfor _ in range(30): os.mkdir('d' * 200); os.chdir('d' * 200)\n"
            "for n in range(60): open(f'{n}', 'wb').write(b'0' * 2**20)\nimport time; time.sleep(60)",
            Limits(60, disk=41 * MIB),
            "disk",
        ),
        (
            "import os, time\nfor n in range(9000): os.mkdir(f'{n}')\ntime.sleep(60)",
            Limits(60, disk=20 * MIB),
            "disk",
        ),
    ],
    ids=["time", "memory", "one file", "disk", "below a deep path", "folders alone"],
)
def test_what_it_may_take_has_an_end(executor: SandboxExecutor, code: str, limits: Limits, reason: str) -> None:
    name = f"greedy-{limits.disk}-{limits.memory}-{limits.seconds}-{len(code)}"  # control groups are of the machine
    executor.start(python(name, code, limits))
    status = ended(executor, name)
    assert status.reason == (reason or "exit"), status
    assert status.exit_code != 0


def test_a_fork_bomb_is_small(executor: SandboxExecutor) -> None:
    code = "import os, time\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(30)\n"
    code += "except OSError as error: print('no more', error.errno, flush=True); time.sleep(30)"
    executor.start(python("bomb", code, Limits(60, processes=30)))
    while not (lines := said(executor, "bomb")):
        time.sleep(0.05)
    assert lines[0].startswith("no more")
    executor.stop("bomb")
    assert ended(executor, "bomb").reason == "stopped"


def test_what_it_left_is_deleted_however_deep_and_closed(executor: SandboxExecutor, tmp_path: Path) -> None:
    code = "import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')\n"
    code += "os.chdir('/home/run'); os.makedirs('a/b'); os.chmod('a/b', 0); os.chmod('a', 0)"
    executor.start(python("deep", code))
    assert ended(executor, "deep").exit_code == 0
    executor.clear("deep")
    assert not (tmp_path / "runs" / "deep" / "work").exists()


def test_its_variables_mean_nothing_to_programs_outside(executor: SandboxExecutor, tmp_path: Path) -> None:
    """The loader of libraries obeys some, in whatever program has them: here it would write files of the hub."""
    outside = tmp_path / "traces"
    outside.mkdir()
    variables = {"LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": f"{outside}/trace", "LD_PRELOAD": f"{outside}/evil.so"}
    executor.start(RunSpec("loader", ["sh", "-c", "echo $LD_PRELOAD"], Limits(60), variables))
    assert ended(executor, "loader").exit_code == 0
    assert list(outside.iterdir()) == []
    assert f"{outside}/evil.so" in said(executor, "loader")


def test_it_cannot_take_all_connections_of_the_hub(executor: SandboxExecutor) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as hub:
        taken = list[tuple[socket.socket, str]]()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, address = hub.accept()
                    taken.append((client, address[0]))

        threading.Thread(target=accept, daemon=True).start()
        code = (
            "import socket, time\nall = []\nfor _ in range(600):\n  s = socket.socket(socket.AF_UNIX)\n"
            "  s.connect('/run/pioche/hub.sock'); all.append(s)\ntime.sleep(2); print('done')"
        )
        executor.start(python("many", code, hub_url=f"http://127.0.0.1:{hub.getsockname()[1]}"))
        assert ended(executor, "many").exit_code == 0
        assert 0 < len(taken) <= keeper.CONNECTIONS
        assert {address for _, address in taken} == {RUNS_ADDRESS}


def test_it_is_measured(executor: SandboxExecutor) -> None:
    executor.start(
        # CPU time, so that it is as busy where the machine has more to do.
        python("busy", "x = bytearray(64 * 2**20)\nimport time\nwhile time.process_time() < 0.8: pass")
    )
    usage = ended(executor, "busy").usage
    assert 0.6 < usage.cpu_seconds < 4
    assert 50 * MIB < usage.peak_memory < 300 * MIB


def test_mounts_are_there_and_as_writable_as_they_were_said_to_be(executor: SandboxExecutor, tmp_path: Path) -> None:
    read, write = tmp_path / "read", tmp_path / "write"
    for folder in (read, write):
        folder.mkdir()
        (folder / "a.txt").write_text("in")
        folder.chmod(0o777)
    mounts = [Mount(read, "/data/in"), Mount(write, "/data/out", writable=True)]
    script = "cat /data/in/a.txt; echo new > /data/out/b.txt; echo no > /data/in/b.txt || echo refused"
    executor.start(RunSpec("mounts", ["sh", "-c", script], Limits(60), mounts=mounts))
    ended(executor, "mounts")
    assert "refused" in said(executor, "mounts")[-1]
    assert ((write / "b.txt").read_text(), (read / "b.txt").exists()) == ("new\n", False)


def test_what_it_holds_is_told_to_whoever_asks(executor: SandboxExecutor, tmp_path: Path) -> None:
    executor.start(RunSpec("small", ["sleep", "60"], Limits(90, 1.0, 256 * MIB), kind="job"))
    for one in (executor, SandboxExecutor(tmp_path / "runs")):  # and to a hub that was started again
        assert one.status("small").hold == Hold("job", 1.0, 256 * MIB, 0, 90)
    executor.stop("small")
    assert ended(executor, "small").hold == Hold("job", 1.0, 256 * MIB, 0, 90)


START = """
import sys
from pathlib import Path
from pioche.ports.executor import Limits, RunSpec
from pioche.ports.executor.sandbox import SandboxExecutor
SandboxExecutor(Path(sys.argv[1])).start(RunSpec("long", ["sh", "-c", "echo begun; sleep 3; echo done"], Limits(60)))
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_outlives_who_started_it(executor: SandboxExecutor, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", START, str(tmp_path / "runs")], check=False)
    assert done.returncode == -signal.SIGKILL
    status = ended(executor, "long")
    assert (status.exit_code, said(executor, "long")) == (0, ["begun", "done"])


def test_a_killed_keeper_takes_its_run_along(executor: SandboxExecutor, tmp_path: Path) -> None:
    executor.start(RunSpec("orphan", ["sleep", "986"], Limits(60)))
    while executor.status("orphan").state != "running":
        time.sleep(0.05)
    os.kill(json.loads((tmp_path / "runs" / "orphan" / "keeper.json").read_text())["pid"], signal.SIGKILL)
    assert ended(executor, "orphan").reason == "lost"
    time.sleep(0.3)
    assert subprocess.run(["pgrep", "-f", "sleep 986"], capture_output=True, check=False).stdout == b""


def test_a_stop_right_after_the_start_is_not_lost(executor: SandboxExecutor) -> None:
    for number in range(5):
        executor.start(RunSpec(f"early-{number}", ["sleep", "60"], Limits(60)))
        time.sleep(0.02 * number)
        executor.stop(f"early-{number}")
    for number in range(5):
        assert ended(executor, f"early-{number}").reason == "stopped"


def test_whoever_listens_hears_that_a_run_has_ended(executor: SandboxExecutor) -> None:
    heard: queue.Queue[str] = queue.Queue()

    def fail(run_id: str) -> None:
        raise RuntimeError(run_id)

    executor.listeners.append(fail)  # and is in nobody's way
    executor.listeners.append(heard.put)
    executor.start(RunSpec("one", ["true"], Limits(30)))
    assert heard.get(timeout=60) == "one"
    assert executor.status("one").state == "ended"
    executor.start(RunSpec("two", ["sleep", "60"], Limits(60)))
    executor.stop("two")
    assert heard.get(timeout=60) == "two"
    assert executor.status("two").reason == "stopped"
