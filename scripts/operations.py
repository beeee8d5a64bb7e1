"""What becomes of each published operation of the reference: works, later, or not ours. Read by `reference.py`.

`operations.tsv` beside this file lists them. One works if the router leads it to something that does it; the proof is
the test named for its group, beside its row in `tests/access_matrix.tsv`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pioche.app import ROUTES
from pioche.web.routing import Router

TABLE = Path(__file__).with_name("operations.tsv")

PROOFS = {
    "agents": "tests/test_access_matrix.py",
    "auth": "tests/clients/test_hf_login.py",
    "buckets": "tests/clients/test_hf_buckets.py",
    "collections": "tests/clients/test_hf_collections.py",
    "datasets": "tests/clients/test_hf_repos.py",
    "leaderboard": "tests/clients/test_hf_links.py",
    "discussions": "tests/clients/test_hf_discussions.py",
    "jobs": "tests/clients/test_hf_jobs.py",
    "gates": "tests/clients/test_hf_gates.py",
    "models": "tests/clients/test_hf_repos.py",
    "notifications": "tests/notifications/test_inbox.py",
    "oauth": "tests/clients/test_hf_login.py",
    "orgs": "tests/clients/test_hf_people.py",
    "papers": "tests/clients/test_hf_papers.py",
    "repo-search": "tests/repos/test_quick.py",
    "service-accounts": "tests/clients/test_hf_service_accounts.py",
    "resource-groups": "tests/accounts/test_groups.py",
    "repos": "tests/clients/test_hf_repos.py",
    "spaces": "tests/clients/test_hf_repos.py",
    "users": "tests/clients/test_hf_people.py",
    "kernels": "tests/clients/test_hf_kernels.py",
    "webhooks": "tests/clients/test_hf_webhooks.py",
}

# For part of a group: method and path, and their proof.
SHARPER = (
    (r"DELETE .*/discussions/\{num\}", "tests/community/test_moderation.py"),
    (r"GET .*/discussions/\{num\}/storage", "tests/community/test_moderation.py"),
    (r".*/(user-access-request|ask-access)", PROOFS["gates"]),
    (r"POST /api/papers/\{paperId\}/comment", "tests/papers/test_comments.py"),
    (r".*/(models|datasets|spaces|kernels|buckets|collections)/.*/resource-group", "tests/clients/test_hf_groups.py"),
    (r"POST /api/buckets/.*/lfs-files/duplicate", "tests/buckets/test_copying_by_hash.py"),
    (r"GET .*/jwt$", "tests/clients/test_hf_service_accounts.py"),
    (r".*/leaderboard$", PROOFS["leaderboard"]),
    (r".*/api/scheduled-jobs/.*", "tests/clients/test_hf_scheduled_jobs.py"),
    (r"\w+ /api/jobs/.*/(auth-check/.*|count|events)$", "tests/jobs/test_jobs_api.py"),
    (r".*/billing/usage/jobs$", "tests/plans/test_plans.py"),
)

# The first that fits, of group and path.
NOT_OURS = (
    ("agentic-provisioning", "Accounts on a hub of one's own are made by its admin."),
    (r".*/billing/", "Nothing is sold here: plans are set by the admin."),
    ("scim", "For companies that provision accounts from a directory; people join by invitation here."),
    ("inference-endpoints", "A service of its own beside the reference's hub."),
    (r"discussions /api/(blog|posts)", "There is no blog and there are no posts."),
    ("docs", "The documents are files of this repository."),
    (r"papers .*claim", "Papers are only referred to here, and have no authors with accounts."),
    (r".*/notebook/", "Notebooks are shown by their own page; none is opened in the service of somebody else."),
    (r"orgs .*/network-security", "Which addresses reach a hub of one's own is set in its proxy or firewall."),
    (r"users /api/settings/mcp", "There is no MCP server that could be set."),
    ("container", "There is no registry of container images."),
)
LATER = (
    ("sql-console", "Comes with the viewer of datasets."),
    (
        r".*/logs/|.*/metrics|.*/hardware|.*/quota|.*/secrets|.*/variables|.*/volumes|.*/events",
        "Spaces do not run yet.",
    ),
    (r".*", "Not made yet."),
)


@dataclass(frozen=True, slots=True)
class Operation:
    tag: str
    method: str
    path: str
    state: str
    why: str


def operations() -> list[Operation]:
    router = Router(route for group in ROUTES for route in group)
    with TABLE.open(newline="") as file:
        return [_judged(router, *row) for row in list(csv.reader(file, delimiter="\t"))[1:]]


def example(path: str) -> str:
    """The path with something in the place of each parameter."""
    path = path.replace("{repoType}", "models").replace("{compare}", "main..main").replace("{slug}-{id}", "x-1")
    path = path.replace("{action}", "enable")
    return re.sub(r"\{\w+\}", "x1", path)


def operations_page() -> Iterator[str]:
    found = operations()
    count = Counter(one.state for one in found)
    yield f"The reference publishes {len(found)} operations. Here {count['works']} work, {count['later']} come later,"
    yield f"{count['not ours']} are not ours. What is not here answers 404 or 501 in JSON.\n"
    yield "| Group | Operation | State | Proof or reason |"
    yield "| --- | --- | --- | --- |"
    for one in found:
        why = f"`{one.why}`" if one.state == "works" else one.why
        yield f"| {one.tag} | `{one.method} {one.path}` | {one.state} | {why} |"


def _judged(router: Router, tag: str, method: str, path: str) -> Operation:
    route, _, _ = router.find(method, example(path))
    stray = route is not None and path.startswith("/api/") and not route.pattern.startswith("/api/")
    if route is not None and not stray and not route.handler.__name__.startswith("not_") and tag in PROOFS:
        proof = next((test for pattern, test in SHARPER if re.match(pattern, f"{method} {path}")), PROOFS[tag])
        return Operation(tag, method, path, "works", proof)
    for state, rules in (("not ours", NOT_OURS), ("later", LATER)):
        for pattern, why in rules:
            if re.match(pattern, f"{tag} {path}"):
                return Operation(tag, method, path, state, why)
    raise AssertionError("the last rule fits everything")
