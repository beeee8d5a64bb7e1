"""What a run tries and must not get: other files, other processes, the network, more rights, more room.

Each is one attempt, which prints `escaped` if it succeeds.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from pioche.ports.executor import Limits, RunSpec
from pioche.ports.executor.sandbox import SandboxExecutor

pytestmark = pytest.mark.client  # needs bubblewrap

MIB = 1024 * 1024

ATTEMPTS = {
    "files of the hub": "print('escaped' if os.path.exists(SECRET) else '')",
    "the folder of runs": "print('escaped' if os.path.exists(RUNS) else '')",
    "the home of root": "print('escaped' if [n for n in os.listdir('/root') if n != '.pyenv'] else '')",
    "passwords of the machine": "print('escaped' if os.path.exists('/etc/shadow') else '')",
    "processes outside": "print('escaped' if any('sleep' + chr(0) + '954' in open(f'/proc/{p}/cmdline').read()"
    " for p in os.listdir('/proc') if p.isdecimal()) else '')",
    "killing outside": "os.kill(OUTSIDE_PID, 9); print('escaped')",
    "ports of the machine": "socket.create_connection(('127.0.0.1', PORT), 2); print('escaped')",
    "the internet": "socket.create_connection(('1.1.1.1', 53), 2); print('escaped')",
    "cloud metadata": "socket.create_connection(('169.254.169.254', 80), 2); print('escaped')",
    "a unix socket outside": "s = socket.socket(socket.AF_UNIX); s.connect(SOCKET); print('escaped')",
    "raw sockets": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); print('escaped')",
    "becoming root": "os.setuid(0); print('escaped')",
    "a setuid program": "print('escaped' if subprocess.run(['su', '-c', 'id -u'], capture_output=True, text=True,"
    " stdin=-3).stdout.strip() == '0' else '')",
    "mounting": "call('mount', b'none', b'/mnt', b'tmpfs', 0, None)",
    "a namespace of users": "call('unshare', 0x10000000)",
    "a namespace of files": "call('unshare', 0x00020000)",
    "tracing": "call('ptrace', 16, 1, 0, 0)",
    "another root": "os.chroot('/tmp'); print('escaped')",
    "devices": "os.mknod('/tmp/disk', 0o60666, os.makedev(8, 0)); print('escaped')",
    "kernel memory": "open('/dev/mem', 'rb').read(1); print('escaped')",
    "writing to the system": "open('/usr/bin/evil', 'w').write('x'); print('escaped')",
    "settings of the kernel": "open('/proc/sys/kernel/hostname', 'w').write('evil'); print('escaped')",
    "time of the machine": "time.clock_settime(time.CLOCK_REALTIME, 0); print('escaped')",
    "environment of the hub": "print('escaped' if 'HUB_WORD' in os.environ or any('HUB_WORD' in "
    "open(f'/proc/{p}/environ').read() for p in os.listdir('/proc') if p.isdecimal()) else '')",
    "control groups": "[open(os.path.join(d, f), 'w').write('-1') for d, _, fs in os.walk('/sys/fs/cgroup') for f in fs"
    " if 'limit' in f or 'max' in f] and print('escaped')",
}

HEAD = """
import ctypes, os, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == 0: print('escaped')
try:
    {attempt}
except (OSError, PermissionError) as error:
    print('refused', error)
"""


def test_twenty_five_attempts_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_WORD", "of the hub")
    executor = SandboxExecutor(tmp_path / "runs")
    assert executor.unavailable() == ""
    secret = tmp_path / "hub.db"
    secret.write_text("all that the hub knows")
    outside = subprocess.Popen(["sleep", "954"])
    listener, local = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    local.bind(str(tmp_path / "local.sock"))
    local.listen()
    values = {
        "SECRET": repr(str(secret)),
        "RUNS": repr(str(tmp_path / "runs")),
        "OUTSIDE_PID": str(outside.pid),
        "PORT": str(listener.getsockname()[1]),
        "SOCKET": repr(str(tmp_path / "local.sock")),
    }
    for number, attempt in enumerate(ATTEMPTS.values()):
        for key, value in values.items():
            attempt = attempt.replace(key, value)
        code = HEAD.format(attempt=attempt)
        executor.start(RunSpec(f"try-{number}", ["python3", "-c", code], Limits(30, memory=256 * MIB)))
    said = {}
    for number, what in enumerate(ATTEMPTS):
        while executor.status(f"try-{number}").state != "ended":
            time.sleep(0.02)
        said[what] = [line.text for line in executor.logs(f"try-{number}")[0]]
    outside_lives = outside.poll() is None
    outside.kill()
    listener.close()
    local.close()
    assert {what: lines for what, lines in said.items() if any("escaped" in line for line in lines)} == {}
    # An attempt that broke on a mistake of its own proves nothing.
    assert {what: lines for what, lines in said.items() if any("Traceback" in line for line in lines)} == {}
    assert outside_lives
    assert os.path.exists(secret)  # noqa: PTH110
