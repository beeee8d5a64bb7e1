"""Everything that people do with files, through the stock client. Arguments: the name of a new repository.

Run once with Xet and once without: what is printed must be the same.
"""

import json
import random
import sys
import tempfile
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    ModelCard,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
)
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

MIB = 1024 * 1024
repo = sys.argv[1]
api = HfApi()
weights = random.Random(repo).randbytes(11 * MIB)
said: dict[str, object] = {}


def error_of(kind: type[Exception], action) -> str:
    try:
        action()
    except kind as error:
        return str(error)
    return "no error"


api.create_repo(repo)
first = api.upload_file(path_or_fileobj=weights, path_in_repo="w/model.safetensors", repo_id=repo)
api.upload_file(path_or_fileobj=b"---\nlicense: mit\n---\n# Hi", path_in_repo="README.md", repo_id=repo)
said["downloaded"] = Path(hf_hub_download(repo, "w/model.safetensors")).read_bytes() == weights
said["size"] = get_hf_file_metadata(hf_hub_url(repo, "w/model.safetensors")).size

with tempfile.TemporaryDirectory() as folder:
    for number in range(30):
        Path(folder, f"{number}.txt").write_text(f"file {number}")
    Path(folder, "big.bin").write_bytes(weights[: 10 * MIB + 1])
    Path(folder, "skip.log").write_text("no")
    done = api.upload_folder(folder_path=folder, repo_id=repo, ignore_patterns="*.log")
    again = api.upload_folder(folder_path=folder, repo_id=repo, ignore_patterns="*.log")
    said["nothing new, no commit"] = done.oid == again.oid
    proposed = api.upload_folder(folder_path=folder, repo_id=repo, path_in_repo="pr", create_pr=True)
copy = Path(snapshot_download(repo))
said["snapshot"] = len([path for path in copy.rglob("*") if path.is_file()])
said["same bytes"] = (copy / "big.bin").read_bytes() == weights[: 10 * MIB + 1]

said["history"] = len(api.list_repo_commits(repo))
said["paths"] = [info.path for info in api.get_paths_info(repo, ["README.md", "nope", "w"], expand=True)]
said["tree"] = len(list(api.list_repo_tree(repo, recursive=True, expand=True)))
said["no file"] = bool(error_of(EntryNotFoundError, lambda: hf_hub_download(repo, "nope")) != "no error")
said["no branch"] = error_of(RevisionNotFoundError, lambda: hf_hub_download(repo, "a", revision="x")) != "no error"
said["no delete"] = "A file with this name doesn't exist" in error_of(
    EntryNotFoundError, lambda: api.delete_file("nope", repo)
)
stale = error_of(
    HfHubHTTPError,
    lambda: api.create_commit(repo, [CommitOperationAdd("x", b"1")], commit_message="late", parent_commit=first.oid),
)
said["stale parent"] = "412" in stale

one = api.create_commit(
    repo,
    [CommitOperationAdd("new.txt", b"new"), CommitOperationAdd("new.bin", weights)],
    commit_message="PR",
    create_pr=True,
)
details = api.get_discussion_details(repo, one.pr_num)
said["pull request"] = [details.status, details.conflicting_files, "+new" in (details.diff or "")]
api.merge_pull_request(repo, one.pr_num)
said["merged"] = [api.get_discussion_details(repo, one.pr_num).status, api.file_exists(repo, "new.bin")]
said["pull requests"] = sorted(item.num for item in api.get_repo_discussions(repo))
said["proposed file"] = Path(hf_hub_download(repo, "pr/1.txt", revision="refs/pr/1")).read_text()

changes = [CommitOperationCopy("w/model.safetensors", "copy.safetensors"), CommitOperationDelete("w/")]
api.create_commit(repo, changes, commit_message="Move it")
said["moved"] = [api.file_exists(repo, "copy.safetensors"), api.file_exists(repo, "w/model.safetensors")]

files = HfFileSystem()
with files.open(f"{repo}/copy.safetensors", "rb", block_size=MIB) as file:
    file.seek(5_000_000)
    said["middle"] = file.read(1000) == weights[5_000_000:5_001_000]
files.write_text(f"{repo}/note.txt", "hello")
said["note"] = files.read_text(f"{repo}/note.txt")
said["license"] = ModelCard.load(repo).data.license
print(json.dumps(said))
