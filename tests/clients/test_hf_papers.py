"""Papers with the stock client: told of, searched, read, with what refers to them."""

from __future__ import annotations

import itertools

import httpx
import pytest
from huggingface_hub.errors import HfHubHTTPError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client

_numbers = itertools.count(10001)


@pytest.fixture
def key() -> str:
    return f"2401.{next(_numbers)}"


def tell(make: Make, cast: Cast, key: str, person: str = "alice", **more: object) -> httpx.Response:
    body = {"arxivId": key, "title": f"On Weather {key}", "summary": "It rains.", "authors": ["A. Cloud"], **more}
    bearer = {"authorization": f"Bearer {getattr(cast, person).token}"}
    return httpx.post(f"{make.url}/api/papers/index", json=body, headers=bearer)


def test_every_method(make: Make, cast: Cast, key: str) -> None:
    assert tell(make, cast, key, publishedAt="2024-01-31T00:00:00Z").status_code == 200
    model = make.repo(cast.alice, {"README.md": f"# Weather\n\nAs in arXiv:{key}."})
    api = make.api(cast.alice)
    assert [one.id for one in api.list_papers(query=f"weather {key}")] == [key]
    paper = api.paper_info(key)
    assert (paper.id, paper.summary) == (key, "It rains.")
    assert paper.authors is not None
    assert paper.authors[0].name == "A. Cloud"
    assert [one.id for one in paper.linked_models or []] == [model]
    assert paper.num_total_models == 1
    assert "It rains." in api.read_paper(key)
    assert key in {one.id for one in api.list_daily_papers(limit=100)}
    assert key in {one.id for one in api.list_daily_papers(limit=100, submitter="alice")}
    assert list(api.list_daily_papers(date="2001-01-01")) == []


def test_every_command(hf: Hf, make: Make, cast: Cast, key: str) -> None:
    tell(make, cast, key)
    alice = hf.as_(cast.alice)
    assert key in alice.run("papers", "search", key, "--format", "json")
    assert key in alice.run("papers", "info", key, "--format", "json")
    assert "It rains." in alice.run("papers", "read", key)
    assert key in alice.run("papers", "list", "--limit", "100", "--format", "json")


def test_a_paper_is_known_by_what_refers_to_it(make: Make, cast: Cast, key: str) -> None:
    make.repo(cast.alice, {"README.md": f"See https://arxiv.org/abs/{key}"}, kind="dataset")
    found = httpx.get(f"{make.url}/api/papers/{key}").json()
    assert (found["title"], found["numTotalDatasets"]) == ("", 1)
    assert httpx.get(f"{make.url}/papers/{key}").status_code == 200
    assert key in httpx.get(f"{make.url}/papers?q={key}").text


def test_what_only_private_cards_refer_to_is_not_known(make: Make, cast: Cast, key: str) -> None:
    make.repo(cast.alice, {"README.md": f"arXiv:{key}"}, private=True)
    assert httpx.get(f"{make.url}/api/papers/{key}").status_code == 404
    assert key not in httpx.get(f"{make.url}/api/papers?limit=100").text
    bearer = {"authorization": f"Bearer {cast.alice.token}"}
    assert httpx.get(f"{make.url}/api/papers/{key}", headers=bearer).json()["numTotalModels"] == 1


def test_who_told_changes_it(make: Make, cast: Cast, key: str) -> None:
    tell(make, cast, key)
    assert tell(make, cast, key, "carol", title="Mine").status_code == 403
    changed = tell(make, cast, key, title="On Rain", summary="").json()
    assert (changed["title"], changed["summary"]) == ("On Rain", "It rains.")
    bearer = {"authorization": f"Bearer {cast.alice.token}"}
    body = {"githubRepo": "https://example.org/code"}
    links = httpx.post(f"{make.url}/api/papers/{key}/links", json=body, headers=bearer).json()
    assert links["githubRepo"] == "https://example.org/code"
    for odd in ({"githubRepo": "javascript:alert(1)"}, {"projectPage": "ftp://x"}):
        assert httpx.post(f"{make.url}/api/papers/{key}/links", json=odd, headers=bearer).status_code == 400
    assert httpx.post(f"{make.url}/api/papers/index", json={"arxivId": "x"}, headers=bearer).status_code == 400
    with pytest.raises(HfHubHTTPError):
        make.api(cast.alice).paper_info("9999.99999")
