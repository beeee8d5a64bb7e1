"""Publishing and fetching with the `hf` command, as its own manual tells people to."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.files import digest, tree, write_random
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client


def a_model(folder: Path, large: int) -> Path:
    """A folder such as people publish: a card, a configuration, weights, a folder with an awkward name."""
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    (folder / "config.json").write_text('{"model_type": "test"}\n')
    (folder / "empty.txt").touch()
    write_random(folder / "model.safetensors", large, seed=1)
    write_random(folder / "onnx (q4) é" / "weights 1+1.onnx", 300_000, seed=2)
    (folder / "onnx (q4) é" / "notes%2F.txt").write_text("a percent sign\n")
    return folder


def test_log_in_create_upload_download(hf: Hf, cast: Cast, make: Make, tmp_path: Path, large_size: int) -> None:
    name = f"alice/{make.name('manual')}"
    source = a_model(tmp_path / "source", large_size)

    hf.run("auth", "login", "--token", cast.alice.token)
    assert "alice" in hf.run("auth", "whoami")
    assert name in hf.run("repos", "create", name)
    assert name in hf.run("upload", name, str(source), seconds=900)
    hf.run("download", name, "--local-dir", str(tmp_path / "fetched"), seconds=900)

    fetched = tree(tmp_path / "fetched")
    assert fetched.pop(".gitattributes"), "a new repository says which files are large"
    assert fetched == tree(source)


def test_upload_and_download_without_xet(hf: Hf, cast: Cast, make: Make, tmp_path: Path, large_size: int) -> None:
    alice = hf.as_(cast.alice, xet=False)
    name = make.repo(cast.alice)
    source = a_model(tmp_path / "source", large_size)

    alice.run("upload", name, str(source), seconds=900)
    alice.run("download", name, "--local-dir", str(tmp_path / "fetched"), seconds=900)

    fetched = tree(tmp_path / "fetched")
    fetched.pop(".gitattributes")
    assert fetched == tree(source)


@pytest.mark.parametrize(("sent_by_xet", "read_by_xet"), [(True, False), (False, True)])
def test_a_file_sent_one_way_is_read_the_other(
    hf: Hf, cast: Cast, make: Make, tmp_path: Path, sent_by_xet: bool, read_by_xet: bool
) -> None:
    name = make.repo(cast.alice)
    source = write_random(tmp_path / "weights.bin", 11_000_000, seed=3)

    hf.as_(cast.alice, sent_by_xet).run("upload", name, str(source), "weights.bin")
    path = hf.as_(cast.carol, read_by_xet).run("download", name, "weights.bin", "--quiet").strip()

    assert digest(Path(path)) == digest(source)


def test_one_file_to_a_path_and_a_branch(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    alice, name = hf.as_(cast.alice), make.repo(cast.alice, files={"old.txt": "kept\n"})
    file = tmp_path / "tokenizer.json"
    file.write_text('{"version": "1.0"}')

    alice.run("repos", "branch", "create", name, "next")
    alice.run("upload", name, str(file), "sub/tokenizer.json", "--revision", "next", "--commit-message", "Tokens")

    assert "sub/tokenizer.json" not in alice.api.list_repo_files(name)
    assert "sub/tokenizer.json" in alice.api.list_repo_files(name, revision="next")
    assert alice.api.list_repo_commits(name, revision="next")[0].title == "Tokens"


def test_an_interrupted_reader_gets_only_what_changed(hf: Hf, cast: Cast, make: Make) -> None:
    """The second download of a revision is answered from the cache of the client: nothing is sent twice."""
    carol, name = hf.as_(cast.carol), make.repo(cast.alice, files={"a.txt": "1", "b.txt": "2"})
    first = Path(carol.run("download", name, "--quiet").strip())
    make.commit(cast.alice, name, {"b.txt": "3"})
    second = Path(carol.run("download", name, "--quiet").strip())

    assert first != second
    assert (second / "b.txt").read_text() == "3"
    assert (second / "a.txt").resolve() == (first / "a.txt").resolve()


def test_datasets_and_spaces_are_repositories_too(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    alice = hf.as_(cast.alice)
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    for kind, options in (("dataset", []), ("space", ["--space-sdk", "static"])):
        name = f"alice/{make.name(kind)}"
        alice.run("repos", "create", name, "--type", kind, *options)
        alice.run("upload", name, str(tmp_path / "rows.csv"), "rows.csv", "--type", kind)
        path = alice.run("download", name, "rows.csv", "--type", kind, "--quiet").strip()
        assert Path(path).read_text() == "a,b\n1,2\n"


def test_what_is_private_stays_so(hf: Hf, cast: Cast, make: Make) -> None:
    name = make.repo(cast.alice, files={"secret.txt": "s3cret"}, private=True)

    for other in (None, cast.bob, cast.carol):
        failed = hf.as_(other).try_run("download", name)
        assert failed.returncode != 0
        assert "s3cret" not in failed.stdout + failed.stderr
    assert hf.as_(cast.alice).run("download", name, "secret.txt", "--quiet")


def test_members_of_an_organisation_publish_there(hf: Hf, cast: Cast, make: Make, tmp_path: Path) -> None:
    name = make.repo(cast.bob, name=f"{cast.org}/{make.name()}", private=True)
    (tmp_path / "a.txt").write_text("from bob")
    hf.as_(cast.bob).run("upload", name, str(tmp_path / "a.txt"), "a.txt")
    assert Path(hf.as_(cast.alice).run("download", name, "a.txt", "--quiet").strip()).read_text() == "from bob"

    refused = hf.as_(cast.carol).try_run("upload", name, str(tmp_path / "a.txt"), "a.txt")
    assert refused.returncode != 0


def test_a_repository_is_deleted_and_moved(hf: Hf, cast: Cast, make: Make) -> None:
    alice = hf.as_(cast.alice)
    old, new = make.repo(cast.alice, files={"a.txt": "1"}), f"{cast.org}/{make.name('moved')}"
    alice.run("repos", "move", old, new)
    assert Path(alice.run("download", old, "a.txt", "--quiet").strip()).read_text() == "1", "old names redirect"

    alice.run("repos", "delete", new, "--yes")
    assert not alice.api.repo_exists(new)
