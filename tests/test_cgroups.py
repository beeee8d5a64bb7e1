"""What the hub may take of the machine, read from folders as systems lay them out, and from a real group."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pioche import cgroups
from pioche.ports.executor.sandbox.keeper import Group
from pioche.testkit.server import Server, pioche

MIB = 1024**2
V1 = "30 23 0:29 {top} /sys/fs/cgroup/{name} rw,relatime shared:9 - cgroup cgroup rw,{name}"
V2 = "31 23 0:30 {top} {place} rw,relatime - cgroup2 cgroup2 rw,nsdelegate"
PLACE = "/sys/fs/cgroup"
ALL_MEMORY, ALL_CPUS = cgroups.memory(Path("/nowhere")), cgroups.cpus(Path("/nowhere"))
READ = "from pioche import cgroups; print(cgroups.memory(), cgroups.cpus())"


def laid_out(root: Path, groups: str, mounts: list[str], files: dict[str, str]) -> Path:
    """Files below /sys/fs/cgroup by their path there."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    disk = "24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw"
    (root / "proc/self/mountinfo").write_text("\n".join([disk, *mounts]) + "\n")
    for name, content in files.items():
        path = root / PLACE[1:] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    return root


def v2(root: Path, group: str, files: dict[str, str], top: str = "/") -> Path:
    return laid_out(root, f"0::{group}\n", [V2.format(top=top, place=PLACE)], files)


def v1(root: Path, group: str, files: dict[str, str], top: str = "/") -> Path:
    mounts = [V1.format(top=top, name=name) for name in ("memory", "cpu,cpuacct")]
    return laid_out(root, f"4:memory:{group}\n2:cpu,cpuacct:{group}\n1:name=systemd:/other\n0::/\n", mounts, files)


def test_the_smallest_of_the_groups_above_holds(tmp_path: Path) -> None:
    files = {
        "system.slice/hub.service/memory.max": "max",
        "system.slice/memory.max": str(64 * MIB),
        "memory.max": str(96 * MIB),
        "system.slice/hub.service/cpu.max": "100000 100000",
        "system.slice/cpu.max": "max 100000",
    }
    root = v2(tmp_path, "/system.slice/hub.service", files)
    assert (cgroups.memory(root), cgroups.cpus(root)) == (64 * MIB, 1)


def test_limits_of_runs_are_not_those_of_the_hub(tmp_path: Path) -> None:
    files = {
        "memory.max": str(64 * MIB),
        "pioche/run/memory.max": str(MIB),
        "pioche/memory.max": str(2 * MIB),
        "hub/memory.max": str(48 * MIB),
        "hub/pioche/memory.max": str(3 * MIB),
    }
    assert cgroups.memory(v2(tmp_path / "beside", "/hub", files)) == 48 * MIB
    assert cgroups.memory(v2(tmp_path / "container", "/", files)) == 64 * MIB


def test_version_1(tmp_path: Path) -> None:
    files = {
        "memory/docker/abc/memory.limit_in_bytes": str(64 * MIB),
        "memory/docker/memory.limit_in_bytes": "9223372036854771712",
        "cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000",
        "cpu,cpuacct/docker/cpu.cfs_quota_us": "150000",
        "cpu,cpuacct/docker/cpu.cfs_period_us": "100000",
    }
    root = v1(tmp_path, "/docker/abc", files)
    assert (cgroups.memory(root), cgroups.cpus(root)) == (64 * MIB, 1)


@pytest.mark.parametrize(
    ("group", "top", "below"),
    [
        ("/docker/abc", "/docker/abc", ""),  # it is told its name outside, and sees its own group as the top
        ("/docker/abc/hub", "/docker/abc", "hub/"),
        ("/", "/", ""),  # with a namespace of control groups
        ("/../hub.service", "/", ""),  # its group is outside of what it sees
        ("/elsewhere", "/docker/abc", ""),
    ],
)
def test_in_a_container(tmp_path: Path, group: str, top: str, below: str) -> None:
    root = v1(tmp_path / "v1", group, {f"memory/{below}memory.limit_in_bytes": str(64 * MIB)}, top)
    assert cgroups.memory(root) == 64 * MIB
    root = v2(tmp_path / "v2", group, {f"{below}memory.max": str(64 * MIB)}, top)
    assert cgroups.memory(root) == 64 * MIB


def test_both_versions_and_a_place_with_a_space(tmp_path: Path) -> None:
    mounts = [V1.format(top="/", name="memory"), V2.format(top="/", place=rf"{PLACE}/two\040halves")]
    files = {"memory/hub/memory.limit_in_bytes": str(64 * MIB), "two halves/hub/memory.max": str(48 * MIB)}
    assert cgroups.memory(laid_out(tmp_path, "4:memory:/hub\n0::/hub\n", mounts, files)) == 48 * MIB


@pytest.mark.parametrize("said", ["max", "", "-1", "0", "much", "\u00b2", "12.5", "9223372036854771712"])
def test_what_is_no_limit_limits_nothing(tmp_path: Path, said: str) -> None:
    files = {"hub/memory.max": said, "hub/cpu.max": f"{said} 100000"}
    root = v2(tmp_path / "v2", "/hub", files)
    assert (cgroups.memory(root), cgroups.cpus(root)) == (ALL_MEMORY, ALL_CPUS)
    root = v1(tmp_path / "v1", "/hub", {"memory/hub/memory.limit_in_bytes": said})
    assert (cgroups.memory(root), cgroups.cpus(root)) == (ALL_MEMORY, ALL_CPUS)


def test_files_that_are_odd_or_absent(tmp_path: Path) -> None:
    mounts = ["", "31 23", "- -", "31 23 0:30 / relative rw - cgroup2 cgroup2 rw", V2.format(top="/", place=PLACE)]
    odd = laid_out(tmp_path / "odd", "\n0\n0:\n:::\n7:memory\n\u00b2::x\n", mounts, {"cpu.max": "100000"})
    assert (cgroups.memory(odd), cgroups.cpus(odd)) == (ALL_MEMORY, ALL_CPUS)
    assert cgroups.memory(tmp_path / "empty") == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(("quota", "cpus"), [("10000 100000", 1), ("199999 100000", 1), ("6400000 100000", ALL_CPUS)])
def test_parts_of_a_cpu_are_not_promised_and_one_always_is(tmp_path: Path, quota: str, cpus: int) -> None:
    assert cgroups.cpus(v2(tmp_path, "/", {"cpu.max": quota})) == cpus


def test_cpus_that_the_process_is_kept_to() -> None:
    def keep() -> None:
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])

    read = [sys.executable, "-c", READ]
    said = subprocess.run(read, preexec_fn=keep, capture_output=True, text=True, check=True)
    assert said.stdout.split()[1] == "1"


LIMIT_FILES = ("memory.max", "memory.limit_in_bytes", "cpu.max", "cpu.cfs_quota_us")


@pytest.fixture
def group() -> Iterator[Group]:
    """As runs have one."""
    found = Group(f"test-{uuid.uuid4().hex}", {"memory": 1024 * MIB, "processes": 500, "cpus": 1})
    try:
        if sum((folder / name).exists() for folder in found.folders for name in LIMIT_FILES) < 2:
            pytest.skip("This system lets no control group be made.")
        yield found
    finally:
        found.remove()


def test_a_process_in_a_real_group(group: Group) -> None:
    read = [sys.executable, "-c", READ]
    said = subprocess.run(read, preexec_fn=group.enter, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(1024 * MIB), "1"]
    assert cgroups.memory() > 1024 * MIB, "it is the group of another process"


@pytest.mark.client
def test_a_hub_in_a_real_group_has_half_of_it_for_runs(own_server: Server, group: Group) -> None:
    def hardware() -> dict[str, str]:
        return {one["name"]: one["ram"] for one in httpx.get(f"{own_server.url}/api/jobs/hardware").json()}

    before = hardware()
    own_server.stop()
    order = [pioche(), "machine", "--data", str(own_server.data)]
    inside = own_server.environment()
    said = subprocess.run(order, preexec_fn=group.enter, capture_output=True, text=True, check=True, env=inside)
    assert [line.split("\t")[1] for line in said.stdout.splitlines()[:2]] == ["0.5 GiB", "1"]
    own_server.start()
    assert own_server.command("machine") != said.stdout
    for folder in group.folders:
        (folder / "cgroup.procs").write_text(str(own_server.pid))
    assert own_server.command("machine") == said.stdout, "it tells what holds for the hub, wherever it is called"
    assert hardware() == {"cpu-basic": "0 GB"}, "a hub that is moved sees what holds then"
    own_server.kill9()
    (own_server.data / "serve.lock").write_text("1 0")
    assert own_server.command("machine") != said.stdout, "there is no hub, and what it left names another process"
    own_server.start()
    assert hardware() == before
