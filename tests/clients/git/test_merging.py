"""Merging while others push with the real git: one winner, nothing lost, and a word for who comes late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.community import DiscussionCommit
from huggingface_hub.errors import HfHubHTTPError

from pioche.ports.gitstore import PutFile
from pioche.testkit.clones import Clone, MakeRepo
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


@pytest.fixture
def api(server: Server, cast: Cast) -> HfApi:
    return HfApi(endpoint=server.url, token=cast.alice.token)


def propose(api: HfApi, repo: str, path: str, content: str, revision: str = "main") -> int:
    operation = CommitOperationAdd(path, content.encode())
    done = api.create_commit(repo, [operation], commit_message="Change", revision=revision, create_pr=True)
    assert done.pr_num
    return done.pr_num


def commit_titles(api: HfApi, repo: str, num: int) -> list[str]:
    events = api.get_discussion_details(repo, num).events
    return [event.summary for event in events if isinstance(event, DiscussionCommit)]


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """What each returns, or the error of the hub that it got."""
    gate, results = threading.Barrier(len(verbs)), [None] * len(verbs)

    def run(place: int, verb: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[place] = verb()
        except HfHubHTTPError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    return results


def test_a_conflict_is_told_and_settled_with_the_commands_of_the_page(
    new_repo: MakeRepo, clone: Clone, api: HfApi
) -> None:
    path = new_repo(PutFile("a.txt", b"one\n"))
    num = propose(api, path, "a.txt", "two\n")
    assert api.get_discussion_details(path, num).conflicting_files == []
    work = clone(path)
    work.commit("a.txt", "three\n")
    work.push()
    assert api.get_discussion_details(path, num).conflicting_files == ["a.txt"]
    with pytest.raises(HfHubHTTPError) as refused:
        api.merge_pull_request(path, num)
    assert refused.value.response.status_code == 409
    assert "changed the same files" in str(refused.value)

    work.run("fetch", "origin", "main")
    work.run("fetch", "origin", f"refs/pr/{num}:pr-{num}")
    work.run("switch", f"pr-{num}")
    work.git.try_run("merge", "origin/main", folder=work.folder)
    work.write("a.txt", "two and three\n")
    work.run("commit", "-a", "-m", "Settle it")
    work.run("push", "origin", f"HEAD:refs/pr/{num}")
    assert api.get_discussion_details(path, num).conflicting_files == []
    titles = ["Change", "Settle it"]
    assert commit_titles(api, path, num) == titles
    api.merge_pull_request(path, num)
    assert commit_titles(api, path, num) == titles
    again = clone(path)
    assert (again.folder / "a.txt").read_text() == "two and three\n"
    assert "a.txt" in (api.get_discussion_details(path, num).diff or "")


def test_pushes_to_the_branch_while_it_is_merged(new_repo: MakeRepo, clone: Clone, api: HfApi) -> None:
    path = new_repo(PutFile("a.txt", b"one\n"))
    nums = [propose(api, path, f"pr{n}.txt", "proposed\n") for n in range(3)]
    work = clone(path)
    pushed = []

    def push() -> None:
        for n in range(6):
            work.commit(f"push{n}.txt", "pushed\n")
            while work.git.try_run("push", "origin", "main", folder=work.folder).returncode != 0:
                work.run("pull", "--no-rebase", "--no-edit", "origin", "main")
            pushed.append(f"push{n}.txt")

    results = at_once(push, *[lambda num=num: api.merge_pull_request(path, num) for num in nums])  # type: ignore[misc]
    assert [one for one in results[1:] if isinstance(one, HfHubHTTPError)] == []
    names = {file.name for file in clone(path).folder.iterdir()}
    assert names >= {"a.txt", *pushed, *(f"pr{n}.txt" for n in range(3))}
    assert len(pushed) == 6
    assert {api.get_discussion_details(path, num).status for num in nums} == {"merged"}


def test_two_merges_at_once(new_repo: MakeRepo, clone: Clone, api: HfApi) -> None:
    path = new_repo(PutFile("a.txt", b"one\n"))
    num = propose(api, path, "b.txt", "proposed\n")
    results = at_once(*[lambda: api.merge_pull_request(path, num)] * 4)
    late = [one for one in results if isinstance(one, HfHubHTTPError)]
    assert len(late) == 3
    assert {one.response.status_code for one in late} == {409}
    assert all("merged" in str(one) or "already" in str(one) for one in late)
    assert clone(path).run("log", "--oneline", "--merges") == ""


def test_a_push_to_the_pull_request_while_it_is_merged(new_repo: MakeRepo, clone: Clone, api: HfApi) -> None:
    """What it is said to have changed is what was merged, whoever was first."""
    path = new_repo(PutFile("a.txt", b"one\n"))
    for n in range(3):
        num = propose(api, path, f"{n}.txt", "proposed\n")
        work = clone(path)
        work.run("fetch", "origin", f"refs/pr/{num}")
        work.run("switch", "-c", "more", "FETCH_HEAD")
        work.commit(f"{n}-more.txt", "more\n")
        push, merged = at_once(
            lambda work=work, num=num: work.git.try_run(  # type: ignore[misc]
                "push", "origin", f"HEAD:refs/pr/{num}", folder=work.folder
            ),
            lambda num=num: api.merge_pull_request(path, num),  # type: ignore[misc]
        )
        assert not isinstance(merged, HfHubHTTPError)
        names = {file.name for file in clone(path).folder.iterdir()}
        # What came after the merge is refused: nothing that was taken is lost.
        assert push.returncode == 0 or f"{n}-more.txt" not in names
        assert f"{n}.txt" in names
        diff = api.get_discussion_details(path, num).diff or ""
        assert (f"{n}-more.txt" in names) == (f"{n}-more.txt" in diff)


def test_merging_into_a_branch_that_is_gone(new_repo: MakeRepo, clone: Clone, api: HfApi) -> None:
    path = new_repo(PutFile("a.txt", b"one\n"))
    api.create_branch(path, branch="dev")
    num = propose(api, path, "b.txt", "proposed\n", revision="dev")
    api.delete_branch(path, branch="dev")
    with pytest.raises(HfHubHTTPError) as refused:
        api.merge_pull_request(path, num)
    assert refused.value.response.status_code == 409
    assert "The branch 'dev'" in str(refused.value)
    api.create_branch(path, branch="dev")
    api.merge_pull_request(path, num)
    assert "b.txt" in api.list_repo_files(path, revision="dev")


@pytest.mark.parametrize("count", [3, 40])
def test_the_whole_diff_is_what_git_applies(
    new_repo: MakeRepo, clone: Clone, api: HfApi, server: Server, count: int
) -> None:
    """Of 40 files of a megabyte each, too, with pictures and names of all kinds in it."""
    path = new_repo(PutFile("a.txt", b"one\n"), PutFile("gone.txt", b"bye\n"), PutFile("moved.txt", b"line\n" * 50))
    num = propose(api, path, "a.txt", "one\ntwo\n")
    work = clone(path)
    work.run("fetch", "origin", f"refs/pr/{num}")
    work.run("switch", "-c", "more", "FETCH_HEAD")
    for n in range(count):
        work.write(f"data/{n}.txt", "".join(f"{n} {line} some words of a long line\n" for line in range(30_000)))
    work.write("wörter und mehr.txt", "no newline at the end")
    work.write("picture.dat", bytes(range(256)) * 40)
    work.run("rm", "gone.txt")
    work.run("mv", "moved.txt", "kept.txt")
    new = work.commit("last.txt", "")
    work.push(f"HEAD:refs/pr/{num}")
    tree = work.run("rev-parse", "HEAD^{tree}").strip()
    for address in (f"discussions/{num}/files.diff", f"commit/{new}/files.diff"):
        answer = httpx.get(f"{server.url}/{path}/{address}", timeout=120)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert (len(answer.content) > 20_000_000) == (count == 40)
        other = clone(path)
        if address.startswith("commit"):
            other.run("fetch", "origin", f"refs/pr/{num}")
            other.run("switch", "--detach", f"{new}~1")
        (other.folder.parent / "all.diff").write_bytes(answer.content)
        other.run("apply", "--index", str(other.folder.parent / "all.diff"))
        assert other.run("write-tree").strip() == tree
    told = api.get_discussion_details(path, num).diff or ""
    assert ("The rest of this diff is left out" in told) == (count == 40)
    assert told.count("diff --git") > 3
