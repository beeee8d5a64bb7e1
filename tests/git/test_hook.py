"""The hook as git runs it: a process of its own that speaks to the hub over an inherited socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from pioche.git import hook

SCRIPT = str(Path(hook.__file__))


def run(stdin: str, environment: dict[str, str], pass_fds: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", "-E", SCRIPT, "pre-receive"],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment,
        pass_fds=pass_fds,
        timeout=30,
        check=False,
    )


def answered(answer: bytes | None) -> tuple[subprocess.CompletedProcess[str], bytes]:
    """The hook with a hub that says `answer`; None hangs up."""
    ours, theirs = socket.socketpair()
    heard = b""

    def hub() -> None:
        nonlocal heard
        while not heard.endswith(b"\n"):
            heard += ours.recv(65536)
        if answer is not None:
            ours.sendall(answer)
        ours.close()

    thread = threading.Thread(target=hub)
    thread.start()
    number = theirs.fileno()
    os.set_inheritable(number, True)
    lines = "".join(f"{n:040x} {n:040x} refs/heads/b{n}\n" for n in range(2000))
    done = run(lines, {"PIOCHE_PUSH": str(number), "GIT_OBJECT_DIRECTORY": "/q"}, (number,))
    theirs.close()
    thread.join()
    return done, heard


def test_the_question_holds_everything_the_hub_needs() -> None:
    done, heard = answered(b'{"allowed": true, "text": ""}\n')
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    question = json.loads(heard)
    assert question["hook"] == "pre-receive"
    assert question["quarantine"] == "/q"
    assert question["updates"][1999] == f"{1999:040x} {1999:040x} refs/heads/b1999"


def test_a_refusal_is_printed() -> None:
    done, _ = answered(json.dumps({"allowed": False, "text": "No.\nÄ reason.\n" * 5000}).encode() + b"\n")
    assert done.returncode == 1
    assert done.stderr == "No.\nÄ reason.\n" * 5000


def test_a_hub_that_hangs_up_refuses() -> None:
    for answer in (None, b'{"allowed": tr'):
        done, _ = answered(answer)
        assert done.returncode == 1
        assert "The hub stopped" in done.stderr


def test_without_a_hub_nothing_goes_in() -> None:
    done = run("", {})
    assert done.returncode == 1
    assert "Push through the address of the hub" in done.stderr
