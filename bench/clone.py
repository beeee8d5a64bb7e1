"""`git clone` of 2,000 files from the hub, beside Git's own `http-backend` behind nginx on the same bare repository."""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd
from measure import Bench, bench, best, nginx, report, tool

from pioche.testkit.clients import Git

TARGET = 1.2  # times as long at most
RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    count = parser.parse_args().files
    with bench() as at:
        bare = _repository(at, count)
        git, numbers = Git(at.server.url, at.folder / "git-home"), itertools.count()

        def clone(url: str) -> None:
            target = at.folder / f"clone-{next(numbers)}"
            git.run("clone", "--quiet", url, str(target))
            found = sum(1 for path in target.rglob("*.txt") if path.is_file())
            assert found == count, f"{found} files came instead of {count}"

        with _http_backend(at.folder, bare) as reference:
            theirs = best(RUNS, lambda: clone(reference))
            ours = best(RUNS, lambda: clone(f"{at.server.url}/alice/clone"))
        figure = f"{ours:.2f} s, http-backend {theirs:.2f} s ({ours / theirs:.2f}x)"
        report(f"git clone of {count:,} files", figure, f"<= {TARGET:.2f}x", ours / theirs <= TARGET)


def _repository(at: Bench, count: int) -> Path:
    """Fills `alice/clone` and returns the folder of its bare repository."""
    api = at.alice.api
    api.create_repo("alice/clone")
    text = "a line of a text file\n" * 20
    files = [CommitOperationAdd(f"{i // 100:02}/{i:04}.txt", f"{i}\n{text}".encode()) for i in range(count)]
    api.create_commit("alice/clone", files, commit_message=f"{count} files")
    bare = [path.parent for path in (at.server.data / "git").rglob("HEAD") if (path.parent / "objects").is_dir()]
    assert len(bare) == 1, f"expected one repository, found {bare}"
    return bare[0]


@contextmanager
def _http_backend(folder: Path, bare: Path) -> Iterator[str]:
    socket = folder / "fcgi.sock"
    safe = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    fcgi = subprocess.Popen([tool("fcgiwrap"), "-c", "2", "-s", f"unix:{socket}"], env={**os.environ, **safe})
    backend = Path(subprocess.check_output(["git", "--exec-path"], text=True).strip()) / "git-http-backend"
    location = f"""location / {{
        fastcgi_pass unix:{socket};
        fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param GIT_PROJECT_ROOT {bare.parent};
        fastcgi_param GIT_HTTP_EXPORT_ALL ""; fastcgi_param PATH_INFO $uri; fastcgi_param QUERY_STRING $query_string;
        fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type;
        fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
        fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding; fastcgi_buffering off;
    }}"""
    try:
        while not socket.exists():
            time.sleep(0.01)
        with nginx(folder / "nginx", location) as url:
            yield f"{url}/{bare.name}"
    finally:
        fcgi.terminate()
        fcgi.wait()


if __name__ == "__main__":
    main()
