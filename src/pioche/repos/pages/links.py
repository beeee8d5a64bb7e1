"""Addresses in the pages of a repository, with every part quoted."""

from __future__ import annotations

from urllib.parse import quote

from pioche.names import RepoId


def repo_url(repo_id: RepoId, *parts: str) -> str:
    """`/datasets/ns/name/part/...`; each part is quoted, slashes in a part too."""
    return "/" + "/".join([repo_id.path, *(quote(part, safe="") for part in parts)])


def file_url(repo_id: RepoId, verb: str, revision: str, path: str = "") -> str:
    """`/ns/name/blob/main/folder/file`: the slashes of the path stay, those of the revision are quoted."""
    url = repo_url(repo_id, verb, revision)
    return f"{url}/{quote(path)}" if path else url


def resolve_card_link(repo_id: RepoId, revision: str, link: str) -> str:
    """Where a relative link or image of a card leads: to the bytes of the file, or to its page."""
    if link.startswith(("#", "/")) or "://" in link or link.startswith("mailto:"):
        return link
    path, mark, rest = link.removeprefix("./").partition("#")
    name = path.rsplit("/", 1)[-1].lower()
    verb = "blob" if not name or name.endswith((".md", ".txt", ".py")) or "." not in name else "resolve"
    return f"/{repo_id.path}/{verb}/{quote(revision, safe='')}/{path}{mark}{rest}"
