"""Discussions and pull requests with `huggingface_hub` and `hf discussions`."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.community import DiscussionComment, DiscussionTitleChange
from huggingface_hub.errors import HfHubHTTPError

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client


@pytest.fixture
def alice(make: Make, cast: Cast) -> HfApi:
    return make.api(cast.alice)


@pytest.fixture
def carol(make: Make, cast: Cast) -> HfApi:
    return make.api(cast.carol)


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_discussion_from_its_question_to_its_end(
    alice: HfApi, carol: HfApi, make: Make, cast: Cast, kind: str
) -> None:
    repo = make.repo(cast.alice, {"a.txt": "a"}, kind)
    opened = carol.create_discussion(repo, "It does not load", description="Why?", repo_type=kind)
    assert (opened.num, opened.status, opened.is_pull_request, opened.author) == (1, "open", False, "carol")
    alice.comment_discussion(repo, 1, "Which version?", repo_type=kind)
    alice.change_discussion_status(repo, 1, "closed", comment="No answer", repo_type=kind)
    assert [item.num for item in alice.get_repo_discussions(repo, repo_type=kind)] == [1]
    assert not list(alice.get_repo_discussions(repo, repo_type=kind, discussion_status="open"))
    assert not list(alice.get_repo_discussions(repo, repo_type=kind, discussion_type="pull_request"))
    details = carol.get_discussion_details(repo, 1, repo_type=kind)
    assert [event.type for event in details.events] == ["comment", "comment", "comment", "status-change"]
    assert (details.title, details.status) == ("It does not load", "closed")


def test_comments_are_edited_and_hidden(alice: HfApi, carol: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice)
    carol.create_discussion(repo, "A question")
    comment = carol.comment_discussion(repo, 1, "One")
    edited = carol.edit_discussion_comment(repo, 1, comment.id.upper(), "**Two**")
    assert isinstance(edited, DiscussionComment)
    assert (edited.id, edited.content, edited.edited, edited.hidden) == (comment.id, "**Two**", True, False)
    assert (edited.number_of_edits, edited.edit_history[0]["raw"], edited.last_edited_by) == (1, "One", "carol")
    assert edited.last_edited_at >= edited.created_at
    assert "<strong>Two</strong>" in edited.rendered
    hidden = alice.hide_discussion_comment(repo, 1, comment.id)
    assert hidden.hidden
    assert "Two" not in hidden.content
    with pytest.raises(HfHubHTTPError, match="hidden"):
        carol.edit_discussion_comment(repo, 1, comment.id, "Three")


def test_a_title_changes(carol: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice)
    carol.create_discussion(repo, "First")
    event = carol.rename_discussion(repo, 1, "Second")
    assert isinstance(event, DiscussionTitleChange)
    assert (event.old_title, event.new_title) == ("First", "Second")
    details = carol.get_discussion_details(repo, 1)
    assert (details.title, details.events[-1].id) == ("Second", event.id)
    with pytest.raises(HfHubHTTPError, match="Only its author"):
        make.api(cast.bob).rename_discussion(repo, 1, "Third")


def test_a_pull_request_is_filled_and_merged(alice: HfApi, carol: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, {"a.txt": "a\n"})
    draft = carol.create_pull_request(repo, "Say more", description="It was short.")
    assert (draft.status, draft.is_pull_request, draft.git_reference) == ("draft", True, "refs/pr/1")
    operation = CommitOperationAdd("a.txt", b"a\nb\n")
    carol.create_commit(repo, [operation], commit_message="More", revision="refs/pr/1")
    carol.change_discussion_status(repo, 1, "open")
    details = alice.get_discussion_details(repo, 1)
    assert details.diff is not None
    assert "+b" in details.diff
    assert (details.target_branch, details.conflicting_files) == ("refs/heads/main", [])
    with pytest.raises(HfHubHTTPError):
        carol.merge_pull_request(repo, 1)
    alice.merge_pull_request(repo, 1, comment="Thanks")
    merged = alice.get_discussion_details(repo, 1)
    assert (merged.status, merged.merge_commit_oid) == ("merged", alice.model_info(repo).sha)


def test_the_commands(hf: Hf, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, {"a.txt": "a\n"})
    run = hf.as_(cast.alice).run
    assert "#1" in run("discussions", "create", repo, "--title", "A question", "--body", "Why?")
    run("discussions", "comment", repo, "1", "--body", "Becaus")
    comment = make.api(cast.alice).get_discussion_details(repo, 1).events[-1].id
    run("discussions", "edit", repo, "1", comment, "--body", "Because")
    run("discussions", "rename", repo, "1", "An answer")
    run("discussions", "close", repo, "1", "--yes")
    run("discussions", "reopen", repo, "1", "--yes")
    told = json.loads(run("discussions", "info", repo, "1", "--json"))
    assert (told["title"], told["status"]) == ("An answer", "open")
    run("discussions", "create", repo, "--title", "A change", "--pull-request")
    operation = CommitOperationAdd("b.txt", b"b\n")
    make.api(cast.alice).create_commit(repo, [operation], commit_message="Add b", revision="refs/pr/2")
    assert "+b" in run("discussions", "diff", repo, "2")
    run("discussions", "merge", repo, "2", "--yes")
    assert make.api(cast.alice).file_exists(repo, "b.txt")
    listed = json.loads(run("discussions", "list", repo, "--status", "all", "--json"))
    assert sorted(item["num"] for item in listed) == [1, 2]


def test_a_picture_is_attached(alice: HfApi, make: Make, cast: Cast, hf: Hf, tmp_path: Path) -> None:
    repo, file = make.repo(cast.alice), tmp_path / "screenshot.png"
    file.write_bytes(png := b"\x89PNG\r\n\x1a\n" + bytes(50))
    url = alice.upload_attachment(file)
    assert httpx.get(url).content == png
    opened = alice.create_discussion(repo, "It looks odd", description=f"![so]({url})")
    comment = opened.events[0]
    assert isinstance(comment, DiscussionComment)
    assert f'src="{url}"' in comment.rendered
    with pytest.raises(HfHubHTTPError, match="401"):
        alice.upload_attachment(file, token=False)
    hf.as_(cast.alice).run("discussions", "comment", repo, "1", "--body", "And so", "--attach", str(file))
    last = alice.get_discussion_details(repo, 1).events[-1]
    assert isinstance(last, DiscussionComment)
    assert "/uploads/" in last.content


def test_reactions_locks_and_references_do_not_hinder_the_client(alice: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice)
    for title, text in (("One", "Text"), ("Two", "As in #1")):
        alice.create_discussion(repo, title, description=text)
    where = f"{alice.endpoint}/api/models/{repo}/discussions/1"
    headers = {"authorization": f"Bearer {cast.alice.token}"}
    first = alice.get_discussion_details(repo, 1).events[0].id
    for path, body in ((f"comment/{first}/reaction", {"reaction": "🔥"}), ("lock", {"locked": True})):
        assert httpx.post(f"{where}/{path}", json=body, headers=headers).status_code == 200
    events = alice.get_discussion_details(repo, 1).events
    assert [event.type for event in events] == ["comment", "reference", "locking-change"]


def test_of_two_who_merge_at_once_one_wins(alice: HfApi, make: Make, cast: Cast) -> None:
    """Both at a real server; the other one is told why not."""
    repo = make.repo(cast.alice, {"a.txt": "a"})
    for number in range(1, 4):
        done = alice.create_commit(
            repo, [CommitOperationAdd(f"{number}.txt", b"1")], commit_message="Propose", create_pr=True
        )
        assert done.pr_num == number
        merge = partial(alice.merge_pull_request, repo, number)
        with ThreadPoolExecutor(2) as pool:
            results = [one.exception() for one in [pool.submit(merge), pool.submit(merge)]]
        (lost,) = [one for one in results if one is not None]
        assert isinstance(lost, HfHubHTTPError)
        assert lost.response.status_code == 409
        assert "merged" in str(lost) or "no changes" in str(lost)
    assert {f"{number}.txt" for number in range(1, 4)} <= set(alice.list_repo_files(repo))


def test_where_discussions_are_turned_off_the_client_says_so(alice: HfApi, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, {"a.txt": "a"})
    settings = f"{alice.endpoint}/api/models/{repo}/settings"
    headers = {"authorization": f"Bearer {cast.alice.token}"}
    assert httpx.put(settings, json={"discussionsDisabled": True}, headers=headers).status_code == 200
    with pytest.raises(HfHubHTTPError, match="disabled for this repository"):
        alice.create_discussion(repo, "A question")
    with pytest.raises(HfHubHTTPError, match="disabled for this repository"):
        alice.upload_file(path_or_fileobj=b"1", path_in_repo="b.txt", repo_id=repo, create_pr=True)
    assert alice.upload_file(path_or_fileobj=b"1", path_in_repo="b.txt", repo_id=repo).oid
