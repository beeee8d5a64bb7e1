"""Jobs over files of the hub, and scripts of one's own, with the stock client."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import HfHubHTTPError

from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast, cast_on
from pioche.testkit.server import Server

pytestmark = [pytest.mark.client, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Cast]]:
    """With a folder of wheels, in which there is one package of our own."""
    wheels = tmp_path_factory.mktemp("wheels")
    make_wheel(wheels)
    for path in (wheels, *wheels.iterdir()):
        path.chmod(0o755)
    links = f"{os.environ.get('PIP_FIND_LINKS', '')} {wheels}".strip()
    server = Server(tmp_path_factory.mktemp("jobs") / "data", {"PIP_FIND_LINKS": links}).start()
    yield server, cast_on(server.data)
    server.put_away()


def make_wheel(folder: Path) -> None:
    with zipfile.ZipFile(folder / "greeting-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("greeting.py", "def hello(name):\n    return f'good day, {name}'\n")
        about = "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"
        wheel.writestr("greeting-1.0.dist-info/METADATA", about)
        wheel.writestr("greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("greeting-1.0.dist-info/RECORD", "")


@pytest.fixture
def alice(hub: tuple[Server, Cast], tmp_path: Path) -> Hf:
    return Hf(hub[0].url, tmp_path / "machine", hub[1].alice)


def ended(api: HfApi, job_id: str, seconds: float = 120, namespace: str | None = None) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stage = api.inspect_job(job_id=job_id, namespace=namespace).status.stage
        if stage not in ("SCHEDULING", "RUNNING"):
            return str(stage)
        time.sleep(0.2)
    raise AssertionError(f"{job_id} has not ended")


def run(api: HfApi, code: str, *volumes: Volume, **more: object) -> tuple[str, list[str], str | None]:
    """The stage, the lines and the message at the end of a job."""
    job = api.run_job(image="python", command=["python", "-c", code], volumes=list(volumes), **more)  # type: ignore[arg-type]
    stage = ended(api, job.id)
    return stage, list(api.fetch_job_logs(job_id=job.id)), api.inspect_job(job_id=job.id).status.message


# -- scripts --


def test_a_script_of_ones_own_with_packages_and_files(alice: Hf, tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("- Ada\n")
    (tmp_path / "task.py").write_text(
        "# /// script\n# dependencies = ['greeting']\n# ///\n"
        "import sys, pathlib, greeting\n"
        "print(greeting.hello(pathlib.Path(sys.argv[1]).read_text().strip('- \\n')))\n"
        "pathlib.Path('/data/result.txt').write_text('made by the job')\n"
    )
    said = alice.run("jobs", "uv", "run", str(tmp_path / "task.py"), str(tmp_path / "words.yaml"), seconds=200)
    assert "good day, Ada" in said
    names = [one.path for one in alice.api.list_bucket_tree("alice/jobs-artifacts", recursive=True)]
    assert {Path(name).name for name in names} >= {"task.py", "words.yaml", "result.txt"}
    assert alice.api.bucket_info("alice/jobs-artifacts").private


def test_a_script_from_python_and_packages_by_name(alice: Hf, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("import greeting\nprint(greeting.hello('you'))\n")
    api = alice.api
    job = api.run_uv_job(str(tmp_path / "plain.py"), dependencies=["greeting"])
    assert list(api.fetch_job_logs(job_id=job.id, follow=True))[-1] == "good day, you"
    assert ended(api, job.id) == "COMPLETED"
    # A script that asks for nothing has what the hub's own environment has.
    (tmp_path / "plain.py").write_text("import huggingface_hub\nprint(huggingface_hub.__version__)\n")
    job = api.run_uv_job(str(tmp_path / "plain.py"))
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["2.4.0"]


def test_a_package_from_an_index_that_the_admin_allowed(tmp_path: Path) -> None:
    """Through the proxy; and nothing else of the machine can be reached through it."""
    packages = tmp_path / "simple" / "greeting"
    packages.mkdir(parents=True)
    make_wheel(packages)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.2", 0), handler) as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        address = f"http://127.0.0.2:{index.server_address[1]}/simple"
        server = Server(tmp_path / "data", {"PIOCHE_JOB_INDEX": address, "PIOCHE_RUNTIMES": str(tmp_path / "rt")})
        server.start()
        try:
            person = cast_on(server.data).alice
            alice = Hf(server.url, tmp_path / "machine", person)
            (tmp_path / "task.py").write_text("import greeting\nprint(greeting.hello('index'))\n")
            job = alice.api.run_uv_job(str(tmp_path / "task.py"), dependencies=["greeting"])
            assert list(alice.api.fetch_job_logs(job_id=job.id, follow=True))[-1] == "good day, index"
            port = server.url.rpartition(":")[2]
            code = f"import urllib.request; print(urllib.request.urlopen('http://127.0.0.3:{port}/').status)"
            stage, lines, _ = run(alice.api, code)
            assert (stage, lines[-1]) == ("ERROR", "urllib.error.HTTPError: HTTP Error 403: Forbidden")
            # The way to the hub itself is as before, also for large files, whose client is a program of its own.
            code = "from huggingface_hub import HfApi; a = HfApi(); a.create_bucket('alice/b')\n"
            code += "a.batch_bucket_files('alice/b', add=[(bytes(3_000_000), 'large')])"
            assert run(alice.api, code, secrets={"HF_TOKEN": person.token})[0] == "COMPLETED"
            assert alice.api.bucket_info("alice/b").total_files == 1
        finally:
            server.put_away()
            index.shutdown()


def test_a_package_that_is_not_there_is_a_clear_message(alice: Hf, tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text("# /// script\n# dependencies = ['no-such-thing-here']\n# ///\n")
    job = alice.api.run_uv_job(str(tmp_path / "task.py"))
    assert ended(alice.api, job.id) == "ERROR"
    message = alice.api.inspect_job(job_id=job.id).status.message or ""
    assert "jobs have no network" in message
    assert "`wheels`" in message
    assert any("no-such-thing-here" in line for line in alice.api.fetch_job_logs(job_id=job.id))


@pytest.mark.library
def test_the_image_that_people_train_in_has_torch(alice: Hf) -> None:
    code = "import torch; print(torch.arange(6).sum().item())"
    job = alice.api.run_job(image="pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel", command=["python", "-c", code])
    assert list(alice.api.fetch_job_logs(job_id=job.id, follow=True)) == ["15"]
    assert ended(alice.api, job.id, 500) == "COMPLETED"


# -- volumes --


def test_repositories_are_folders_that_can_only_be_read(alice: Hf) -> None:
    api = alice.api
    big = os.urandom(300_000)
    for kind, name in (("model", "vol-m"), ("dataset", "vol-d"), ("space", "vol-s")):
        api.create_repo(name, repo_type=kind, private=True, space_sdk="static" if kind == "space" else None)
        api.upload_file(path_or_fileobj=kind.encode(), path_in_repo="in/a.txt", repo_id=f"alice/{name}", repo_type=kind)
    api.upload_file(path_or_fileobj=big, path_in_repo="w.safetensors", repo_id="alice/vol-m")
    code = """
import hashlib, os, pathlib
print(pathlib.Path('/m/in/a.txt').read_text(), pathlib.Path('/mnt/d/a.txt').read_text())
weights = pathlib.Path('/m/w.safetensors').read_bytes()
print(pathlib.Path('/s/in/a.txt').read_text(), hashlib.sha256(weights).hexdigest())
for path in ('/m/new.txt', '/m/in/a.txt', '/mnt/d/a.txt', '/m/w.safetensors'):
    try:
        open(path, 'w')
        print('wrote', path)
    except OSError as error:
        pass
"""
    volumes = [
        Volume(type="model", source="alice/vol-m", mount_path="/m"),
        Volume(type="dataset", source="alice/vol-d", mount_path="/mnt/d", path="in"),
        Volume(type="space", source="alice/vol-s", mount_path="/s"),
    ]
    stage, lines, message = run(api, code, *volumes)
    assert (stage, message) == ("COMPLETED", None)
    assert lines == ["model dataset", f"space {hashlib.sha256(big).hexdigest()}"]


def test_the_command_mounts_what_it_names(alice: Hf, tmp_path: Path) -> None:
    api = alice.api
    api.create_bucket("alice/cli-b", private=True)
    api.batch_bucket_files("alice/cli-b", add=[(b"one", "d/one.txt")])
    api.create_repo("cli-m")
    api.upload_file(path_or_fileobj=b"old", path_in_repo="a.txt", repo_id="alice/cli-m")
    api.create_tag("alice/cli-m", tag="v1")
    api.upload_file(path_or_fileobj=b"new", path_in_repo="a.txt", repo_id="alice/cli-m")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "mine.txt").write_text("mine")
    line = "cat /b/one.txt /m/a.txt /local/mine.txt; echo; echo two > /b/two.txt"
    volumes = ["-v", "hf://buckets/alice/cli-b/d:/b", "-v", "hf://alice/cli-m@v1:/m", "-v", f"{tmp_path}/local:/local"]
    said = alice.run("jobs", "run", *volumes, "python", "sh", "-c", line, seconds=120)
    assert "oneoldmine" in said
    found = {one.path for one in api.list_bucket_tree("alice/cli-b", recursive=True)}
    assert found == {"d/one.txt", "d/two.txt"}, "written back before the job is called done"
    job = next(iter(api.list_jobs(namespace="alice")))
    again = alice.run("jobs", "inspect", job.id, "--format", "json")
    kept = {(one["source"], one["mount_path"], one.get("revision")) for one in json.loads(again)[0]["volumes"]}
    assert {("alice/cli-b", "/b", None), ("alice/cli-m", "/m", "v1")} <= kept


def test_a_folder_of_this_machine_from_python(alice: Hf, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.txt").write_text("from my machine")
    (tmp_path / "out").mkdir()
    inputs = alice.api.sync_job_volume(tmp_path / "in", "/in")
    outputs = alice.api.sync_job_volume(tmp_path / "out", "/out", read_only=False)
    code = "open('/out/b.txt', 'w').write(open('/in/deep/a.txt').read().upper())"
    assert run(alice.api, code, inputs, outputs)[0] == "COMPLETED"
    alice.api.sync_bucket(f"hf://buckets/{outputs.source}/{outputs.path}", str(tmp_path / "out"))
    assert (tmp_path / "out" / "b.txt").read_text() == "FROM MY MACHINE"


def test_what_a_job_does_to_a_bucket_goes_back(alice: Hf) -> None:
    api = alice.api
    api.create_bucket("alice/back", private=True)
    api.batch_bucket_files("alice/back", add=[(b"1", "keep.txt"), (b"2", "change.txt"), (b"3", "gone.txt"), (b"", "e")])
    code = """
import os, pathlib
root = pathlib.Path('/b')
(root / 'change.txt').write_text('changed')
(root / 'gone.txt').unlink()
(root / 'deep/er').mkdir(parents=True)
(root / 'deep/er/new.bin').write_bytes(b'n' * 100000)
(root / 'empty').write_text('')
os.symlink('/etc/passwd', root / 'link')
os.symlink('/', root / 'all')
os.mkfifo(root / 'pipe')
"""
    bucket = Volume(type="bucket", source="alice/back", mount_path="/b")
    stage, _lines, message = run(api, code, bucket)
    assert (stage, message) == ("COMPLETED", None)
    found = {one.path: one.size for one in api.list_bucket_tree("alice/back", recursive=True) if hasattr(one, "size")}
    assert found == {"keep.txt": 1, "change.txt": 7, "deep/er/new.bin": 100_000, "empty": 0, "e": 0}
    # Read-only: nothing goes back, and the job is told so by its own disk.
    only = Volume(type="bucket", source="alice/back", mount_path="/b", read_only=True)
    stage, lines, _ = run(api, "print(open('/b/change.txt').read()); open('/b/x', 'w')", only)
    assert (stage, lines[0]) == ("ERROR", "changed")
    assert any("Read-only file system" in line for line in lines)


def test_a_job_that_is_stopped_or_killed_keeps_what_it_wrote(alice: Hf, hub: tuple[Server, Cast]) -> None:
    api = alice.api
    api.create_bucket("alice/killed", private=True)
    bucket = Volume(type="bucket", source="alice/killed", mount_path="/b")
    code = "import time\nopen('/b/{name}', 'w').write('half')\nprint('written', flush=True)\ntime.sleep(600)"
    stopped = api.run_job(image="python", command=["python", "-c", code.format(name="stopped")], volumes=[bucket])
    assert next(iter(api.fetch_job_logs(job_id=stopped.id, follow=True))) == "written"
    api.cancel_job(job_id=stopped.id)
    assert ended(api, stopped.id) == "CANCELED"
    # The hub is killed while it runs, and its time is over when the hub is back.
    late = api.run_job(
        image="python", command=["python", "-c", code.format(name="late")], volumes=[bucket], timeout="6s"
    )
    assert next(iter(api.fetch_job_logs(job_id=late.id, follow=True))) == "written"
    hub[0].restart()
    assert ended(alice.api, late.id) == "ERROR"
    found = {one.path for one in alice.api.list_bucket_tree("alice/killed", recursive=True)}
    assert found == {"stopped", "late"}


def test_one_that_fails_is_tried_again_and_keeps_what_it_wrote(alice: Hf) -> None:
    api = alice.api
    api.create_bucket("alice/tries", private=True)
    bucket = Volume(type="bucket", source="alice/tries", mount_path="/b")
    code = (
        "import os\nn = len(os.listdir('/b'))\nopen(f'/b/{n}', 'w').close()\nprint('try', n)\nraise SystemExit(n < 2)"
    )
    job = api.run_job(image="python", command=["python", "-c", code], volumes=[bucket], attempts=4)
    assert job.retry == 3
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["try 0", "try 1", "try 2"]
    assert ended(api, job.id) == "COMPLETED"
    line = "print('never good'); raise SystemExit(7)"
    line = alice.run("jobs", "run", "--detach", "--quiet", "--attempts", "2", "python", "python", "-c", line)
    number = line.split()[-1].rpartition("/")[2]
    assert ended(api, number) == "ERROR"
    assert list(api.fetch_job_logs(job_id=number)) == ["never good"] * 2
    assert "status 7" in (api.inspect_job(job_id=number).status.message or "")
    assert list(api.fetch_job_logs(job_id=number, tail=1)) == ["never good"]


def test_nobody_mounts_what_they_may_not_see(alice: Hf, hub: tuple[Server, Cast]) -> None:
    api, carol = alice.api, alice.as_(hub[1].carol).api
    api.create_repo("secret-m", private=True)
    api.create_bucket("alice/secret-b", private=True)
    api.create_bucket("alice/open-b", private=False)
    for volume in (
        Volume(type="model", source="alice/secret-m", mount_path="/x"),
        Volume(type="bucket", source="alice/secret-b", mount_path="/x"),
        Volume(type="bucket", source="alice/open-b", mount_path="/x"),  # may be read, not written
        Volume(type="dataset", source="alice/never-was", mount_path="/x"),
    ):
        with pytest.raises(HfHubHTTPError, match=r"no repository|no bucket|no model|no dataset|access"):
            carol.run_job(image="python", command=["true"], volumes=[volume])
    readable = Volume(type="bucket", source="alice/open-b", mount_path="/x", read_only=True)
    job = carol.run_job(image="python", command=["true"], volumes=[readable])
    assert ended(carol, job.id) == "COMPLETED"


@pytest.mark.parametrize(
    "path",
    ["/", "/usr", "/usr/lib/x", "/etc", "/proc/1", "/home/run", "/tmp", "data", "/a/../etc", "/run/pioche", "/root"],
)
def test_places_that_are_taken(alice: Hf, path: str) -> None:
    alice.api.create_bucket("alice/place", private=True, exist_ok=True)
    with pytest.raises(HfHubHTTPError, match=r"taken|absolute"):
        alice.api.run_job(
            image="python",
            command=["true"],
            volumes=[Volume(type="bucket", source="alice/place", mount_path=path)],
        )


def test_volumes_that_make_no_sense(alice: Hf) -> None:
    api = alice.api
    api.create_bucket("alice/sense", private=True, exist_ok=True)
    api.create_repo("sense-m", exist_ok=True)

    def mounted(**values: object) -> None:
        api.run_job(image="python", command=["true"], volumes=[Volume(**{"mount_path": "/x", **values})])

    with pytest.raises(HfHubHTTPError, match="can only be read"):
        mounted(type="model", source="alice/sense-m", read_only=False)
    with pytest.raises(HfHubHTTPError, match="model, dataset, space or bucket"):
        mounted(type="cat", source="alice/sense-m")
    with pytest.raises(HfHubHTTPError, match="in one another"):
        api.run_job(
            image="python",
            command=["true"],
            volumes=[Volume(type="bucket", source="alice/sense", mount_path=one) for one in ("/x", "/x/y")],
        )
    job = api.run_job(
        image="python",
        command=["true"],
        volumes=[Volume(type="bucket", source="alice/sense", mount_path="/x", path="not/there")],
    )
    assert ended(api, job.id) == "ERROR"
    assert "no folder 'not/there'" in (api.inspect_job(job_id=job.id).status.message or "")
