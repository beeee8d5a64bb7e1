"""The command line of bubblewrap for a run: what it sees, and as whom."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pioche.ports.executor import RunSpec
from pioche.ports.executor.sandbox import inside

INSIDE_HUB = f"http://127.0.0.1:{inside.PORT}"
INSIDE_PROXY = f"http://127.0.0.1:{inside.PROXY_PORT}"
HOME = inside.HOME
PYTHON = str(Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}"))
"""Not a virtual environment's: that one lies in a folder that the run does not see."""
DOOR = "/run/pioche"
FIRST_PROCESS = "/run/pioche-inside.py"
TMP_SIZE = 512 * 1024 * 1024
# What programs look up, beside what is in /usr.
ETC = ("ssl", "ca-certificates", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "mime.types")


def sandbox_arguments(spec: RunSpec, folder: Path, uid: int | None) -> list[str]:
    """`uid` None: the hub is not root, so the run gets a user namespace in which it is nobody in particular."""
    people = folder / "passwd"
    number = 1000 if uid is None else uid
    people.write_text(f"root:x:0:0::/:/bin/false\nrun:x:{number}:{number}::{HOME}:/bin/sh\n")
    people.chmod(0o644)
    return [
        "bwrap",
        *_namespaces(uid),
        *_files(spec, folder),
        *("--seccomp", "{seccomp}"),
        "--",
        *_drop(spec, uid),
        *(PYTHON, "-I", "-S", FIRST_PROCESS, f"{DOOR}/hub.sock" if spec.hub_url else "-"),
        f"{DOOR}/proxy.sock" if spec.hosts else "-",
        *spec.command,
    ]


def _namespaces(uid: int | None) -> list[str]:
    shared = ["--die-with-parent", "--new-session", "--hostname", "run", "--unshare-uts"]
    shared += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-cgroup-try"]
    if uid is None:
        return [*shared, "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]
    needed = [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
    return [*shared, "--cap-drop", "ALL", *needed]


def _files(spec: RunSpec, folder: Path) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        path = Path("/") / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.exists():
            yield from ("--ro-bind", str(path), str(path))
    # Before anything is bound below them: folders that bubblewrap makes by itself are closed to the run's user.
    for name in ("/etc", "/run", "/opt", "/home", "/root", "/mnt"):
        yield from ("--perms", "0755", "--dir", name)
    for name in ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    yield from ("--ro-bind", str(folder / "passwd"), "/etc/passwd")
    yield from ("--proc", "/proc", "--dev", "/dev")
    if spec.gpus:
        yield from _gpus()
    yield from ("--perms", "1777", "--size", str(TMP_SIZE), "--tmpfs", "/tmp")  # noqa: S108
    if not sys.base_prefix.startswith("/usr"):
        yield from _bound(Path(sys.base_prefix), sys.base_prefix, writable=False)
    yield from ("--ro-bind", inside.__file__, FIRST_PROCESS)
    yield from ("--ro-bind", str(folder / "door"), DOOR)
    yield from ("--bind", str(folder / "work"), HOME)
    for mount in spec.mounts:
        yield from _bound(mount.source, mount.target, mount.writable)


def _gpus() -> Iterator[str]:
    """The devices of the NVIDIA driver, and where it looks for the cards. Its libraries lie below /usr."""
    for device in sorted(Path("/dev").glob("nvidia*")):
        if device.is_char_device() or device.name == "nvidia-caps":
            yield from ("--dev-bind", str(device), str(device))
    yield from ("--ro-bind-try", "/sys/bus/pci", "/sys/bus/pci", "--ro-bind-try", "/sys/devices", "/sys/devices")


def _bound(source: Path, target: str, writable: bool) -> Iterator[str]:
    for above in reversed(Path(target).parents):
        if str(above) not in ("/", "/usr", HOME, "/tmp"):  # noqa: S108
            yield from ("--perms", "0755", "--dir", str(above))
    yield from ("--bind" if writable else "--ro-bind", str(source), target)


def _drop(spec: RunSpec, uid: int | None) -> list[str]:
    limits = ["prlimit", "--core=0", "--nofile=4096", f"--fsize={spec.limits.disk}"]
    if uid is None:
        return [*limits, "--"]
    limits.append(f"--nproc={spec.limits.processes}")
    person = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    return [*limits, "--", *person, "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs", "--"]
