"""Jobs with the stock client: run, list, look, logs, cancel, again; against a running hub, in its real sandbox."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, JobStage
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError

from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast, cast_on
from pioche.testkit.server import Server

pytestmark = [pytest.mark.client, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Cast]]:
    """A hub of its own: installing its runtime takes some seconds, once."""
    server = Server(tmp_path_factory.mktemp("jobs") / "data").start()
    yield server, cast_on(server.data)
    server.put_away()


@pytest.fixture
def alice(hub: tuple[Server, Cast], tmp_path: Path) -> Hf:
    return Hf(hub[0].url, tmp_path / "machine", hub[1].alice)


def ended(api: HfApi, job_id: str, seconds: float = 120) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stage = api.inspect_job(job_id=job_id).status.stage
        if stage not in ("SCHEDULING", "RUNNING"):
            return str(stage)
        time.sleep(0.2)
    raise AssertionError(f"{job_id} has not ended")


def test_the_command_runs_it_and_shows_what_it_says(alice: Hf) -> None:
    said = alice.run("jobs", "run", "python:3.11", "python", "-c", "print('six times seven is', 6 * 7)", seconds=200)
    assert "six times seven is 42" in said


def test_every_method(alice: Hf, hub: tuple[Server, Cast]) -> None:
    api = alice.api
    job = api.run_job(
        image="python",
        command=["python", "-c", "import os; print(os.environ['A'], len(os.environ['KEY'])); raise SystemExit(4)"],
        env={"A": "one"},
        secrets={"KEY": "s3cret"},
        labels={"about": "tests"},
        timeout="5m",
    )
    assert job.owner.name == "alice"
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["one 6"]
    assert ended(api, job.id) == "ERROR"
    seen = api.inspect_job(job_id=job.id)
    assert seen.status.message == "The command ended with status 4."
    assert (seen.environment, seen.labels["about"]) == ({"A": "one"}, "tests")
    assert seen.durations is not None
    assert "s3cret" not in json.dumps(httpx.get(f"{alice.url}/api/jobs/alice", headers=_bearer(hub[1])).json())

    again = api.rerun_job(job_id=job.id)
    assert ended(api, again.id) == "ERROR"
    assert list(api.fetch_job_logs(job_id=again.id)) == ["one 6"], "secrets come along"
    assert {job.id, again.id} <= {one.id for one in api.list_jobs(namespace="alice")}
    assert [one.id for one in api.list_jobs(labels={"about": "nothing"}, namespace="alice")] == []
    assert api.update_job_labels(job_id=job.id, labels={"about": "more"}).labels["about"] == "more"
    assert "cpu-basic" in {one.name for one in api.list_jobs_hardware()}
    assert api.wait_for_job(job_id=job.id).status.stage == JobStage.ERROR


def test_cancelling_and_measuring(alice: Hf) -> None:
    api = alice.api
    job = api.run_job(image="python", command=["python", "-c", "print('begun', flush=True)\nwhile True: pass"])
    assert next(iter(api.fetch_job_logs(job_id=job.id, follow=True))) == "begun"
    measured = next(iter(api.fetch_job_metrics(job_id=job.id)))
    assert measured["memory_total_bytes"] > 0
    api.cancel_job(job_id=job.id)
    assert ended(api, job.id) == "CANCELED"


def test_what_goes_to_the_hub_is_measured(alice: Hf, hub: tuple[Server, Cast]) -> None:
    code = """
import time
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("traffic", exist_ok=True)
for number in range(600):
    api.upload_file(path_or_fileobj=bytes(200_000), path_in_repo=f"{number}.txt", repo_id="alice/traffic")
    time.sleep(0.1)
"""
    api = alice.api
    job = api.run_job(image="python", command=["python", "-c", code], secrets={"HF_TOKEN": hub[1].alice.token})
    most, until = {"tx_bps": 0, "rx_bps": 0, "cpu_usage_pct": 0}, time.monotonic() + 90
    for one in api.fetch_job_metrics(job_id=job.id, follow=True):
        most = {name: max(value, one[name]) for name, value in most.items()}
        if all(most.values()) or time.monotonic() > until:
            break
    assert all(most.values()), most
    api.cancel_job(job_id=job.id)


def test_every_command(alice: Hf) -> None:
    number = alice.run("jobs", "run", "--detach", "--quiet", "python", "python", "-c", "print('detached')").split()[-1]
    number = number.rpartition("/")[2]
    alice.run("jobs", "wait", number)
    assert "detached" in alice.run("jobs", "logs", number)
    assert number in alice.run("jobs", "list", "--all", "--quiet")
    alice.run("jobs", "labels", number, "--label", "team=vision", "--label", "name=nightly-report")
    for narrowed, is_there in (
        (("--status", "completed"), True),
        (("--status", "error,canceled"), False),
        (("--all", "--label", "team=vision"), True),
        (("--all", "--label", "team=audio"), False),
        (("--all", "--name", "nightly-report"), True),
        (("--all", "--name", "another"), False),
    ):
        assert (number in alice.run("jobs", "list", "--quiet", *narrowed)) == is_there, narrowed
    assert json.loads(alice.run("jobs", "inspect", number, "--format", "json"))[0]["status"]["stage"] == "COMPLETED"
    alice.run("jobs", "labels", number, "--label", "a=b")
    assert "cpu-basic" in alice.run("jobs", "hardware")
    alice.run("jobs", "rerun", number, "--detach")
    busy = "import time\nend = time.time() + 4\nwhile time.time() < end: pass"
    busy = alice.run("jobs", "run", "--detach", "--quiet", "python", "python", "-c", busy).split()[-1]
    stats = alice.run("jobs", "stats", busy.rpartition("/")[2])
    assert busy.rpartition("/")[2][:12] in stats, "it is cut to the width of the terminal"
    long = alice.run("jobs", "run", "--detach", "--quiet", "python", "sleep", "500").split()[-1].rpartition("/")[2]
    alice.run("jobs", "cancel", long)
    assert ended(alice.api, long) == "CANCELED"


def test_a_run_reaches_the_hub_and_nothing_else(alice: Hf, hub: tuple[Server, Cast]) -> None:
    """With its own token it does what its owner could; the machine and the internet are not there."""
    code = """
import socket
from huggingface_hub import HfApi
api = HfApi()
print(api.whoami()["name"])
api.create_repo("from-a-job", exist_ok=True)
api.upload_file(path_or_fileobj=b"made by a job", path_in_repo="a.txt", repo_id="alice/from-a-job")
for host, port in (("127.0.0.1", PORT), ("127.0.0.1", 22), ("169.254.169.254", 80), ("1.1.1.1", 53)):
    try:
        socket.create_connection((host, port), 2)
        print("reached", host, port)
    except OSError:
        pass
""".replace("PORT", hub[0].url.rpartition(":")[2])
    job = alice.api.run_job(image="python", command=["python", "-c", code], secrets={"HF_TOKEN": hub[1].alice.token})
    assert list(alice.api.fetch_job_logs(job_id=job.id, follow=True))[-1] == "alice"
    assert ended(alice.api, job.id) == "COMPLETED"
    assert "a.txt" in alice.api.list_repo_files("alice/from-a-job")


def test_it_goes_on_while_the_hub_is_killed_and_started(alice: Hf, hub: tuple[Server, Cast]) -> None:
    api = alice.api
    script = "import time\nprint('before', flush=True)\ntime.sleep(4)\nprint('after', flush=True)"
    job = api.run_job(image="python", command=["python", "-c", script])
    assert next(iter(api.fetch_job_logs(job_id=job.id, follow=True))) == "before"
    hub[0].restart()
    assert ended(alice.api, job.id) == "COMPLETED"
    assert list(alice.api.fetch_job_logs(job_id=job.id)) == ["before", "after"]


def test_what_cannot_run_is_refused_with_a_reason(alice: Hf) -> None:
    api = alice.api
    with pytest.raises(HfHubHTTPError, match="without images"):
        api.run_job(image="nvidia/cuda:12", command=["nvidia-smi"])
    with pytest.raises(HfHubHTTPError, match="no hardware 'a100-large' here"):
        api.run_job(image="python", command=["true"], flavor="a100-large")
    with pytest.raises(HfHubHTTPError, match="seconds"):
        api.run_job(image="python", command=["true"], timeout="400d")
    with pytest.raises(JobNotFoundError):
        api.inspect_job(job_id="0" * 24)


def test_jobs_are_not_for_strangers(alice: Hf, hub: tuple[Server, Cast]) -> None:
    job = alice.api.run_job(image="python", command=["true"])
    carol = alice.as_(hub[1].carol).api
    with pytest.raises(JobNotFoundError):
        carol.inspect_job(job_id=job.id, namespace="alice")
    with pytest.raises(HfHubHTTPError):
        carol.run_job(image="python", command=["true"], namespace="alice")
    with pytest.raises(HfHubHTTPError):
        list(carol.list_jobs(namespace="alice"))


def _bearer(cast: Cast) -> dict[str, str]:
    return {"authorization": f"Bearer {cast.alice.token}"}


def test_a_job_of_a_resource_group_is_for_its_people(alice: Hf, hub: tuple[Server, Cast], tmp_path: Path) -> None:
    url, cast = hub[0].url, hub[1]
    head = {"authorization": f"Bearer {cast.alice.token}"}
    made = httpx.post(f"{url}/api/organizations/lab/resource-groups", headers=head, json={"name": "team"}).json()
    job = alice.api.run_job(image="debian", command=["true"], namespace="lab", resource_group_id=made["id"])
    bob = Hf(url, tmp_path / "bob", cast.bob).api
    assert [one.id for one in alice.api.list_jobs(namespace="lab")] == [job.id]
    assert list(bob.list_jobs(namespace="lab")) == []
    with pytest.raises(JobNotFoundError):
        bob.inspect_job(job_id=job.id, namespace="lab")
