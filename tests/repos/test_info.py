"""Repo info: what the hub says about a repository at a commit."""

import json
import struct

import pytest

from pioche.testkit.people import Person
from pioche.testkit.room import Room, large


def tensors(**shapes: list[int]) -> bytes:
    """A safetensors file of zeros."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


@pytest.fixture(scope="module")
def model(room: Room) -> str:
    repo = room.repo(room.cast.alice, "model")
    room.write(
        room.cast.alice,
        repo,
        {
            "README.md": "---\nlicense: mit\nbase_model: meta/base\n---\nSee arxiv.org/abs/2401.00001.",
            "config.json": '{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8}',
        },
    )
    weights = tensors(a=[2, 3], b=[1, 4])
    sha256 = room.upload(room.cast.alice, repo, weights)
    assert room.commit(room.cast.alice, repo, large("model.safetensors", sha256, len(weights))).status_code == 200
    return repo


def info(room: Room, path: str, person: Person | None = None) -> dict[str, object]:
    answer = room.get(f"/api/models/{path}", person)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_all_the_usual(room: Room, model: str) -> None:
    found = info(room, model)
    assert found["id"] == found["modelId"] == model
    assert len(str(found["_id"])) == 24
    assert found["author"] == "alice"
    assert found["sha"] == room.get(f"/api/models/{model}").headers["x-repo-commit"]
    assert str(found["lastModified"]).endswith("Z")
    assert (found["private"], found["disabled"], found["gated"]) == (False, False, False)
    assert found["library_name"] == "transformers"
    assert found["pipeline_tag"] == "text-generation"
    assert found["config"] == {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    assert found["safetensors"] == {"parameters": {"F32": 10}, "total": 10}
    assert found["transformersInfo"] == {
        "auto_model": "AutoModelForCausalLM",
        "pipeline_tag": "text-generation",
        "processor": "AutoTokenizer",
    }
    assert found["siblings"] == [
        {"rfilename": name} for name in (".gitattributes", "README.md", "config.json", "model.safetensors")
    ]
    assert {
        "transformers",
        "safetensors",
        "license:mit",
        "arxiv:2401.00001",
        "base_model:meta/base",
        "base_model:finetune:meta/base",
    } <= set(found["tags"])  # type: ignore[call-overload]


def test_files_with_their_blobs(room: Room, model: str) -> None:
    siblings = info(room, f"{model}?blobs=true")["siblings"]
    weights = next(file for file in siblings if file["rfilename"] == "model.safetensors")  # type: ignore[attr-defined]
    assert weights["lfs"].keys() == {"size", "sha256", "pointerSize"}
    assert weights["size"] == weights["lfs"]["size"] == info(room, model)["usedStorage"]
    small = next(file for file in siblings if file["rfilename"] == "config.json")  # type: ignore[attr-defined]
    assert small.keys() == {"rfilename", "size", "blobId"}


def test_only_what_expand_names(room: Room, model: str) -> None:
    found = info(room, f"{model}?expand=sha&expand[]=likes&expand=resourceGroup")
    assert found.keys() == {"_id", "id", "sha", "likes"}
    answer = room.get(f"/api/models/{model}?expand=mainSize")
    assert answer.status_code == 400
    assert "safetensors" in answer.json()["error"]


def test_at_another_revision(room: Room, model: str) -> None:
    room.post(f"/api/models/{model}/branch/old%2Fcard", room.cast.alice, json={})
    room.write(room.cast.alice, model, {"README.md": "---\nlicense: apache-2.0\n---\n"}, rev="old/card")
    other = info(room, f"{model}/revision/old%2Fcard")
    assert other["cardData"] == {"license": "apache-2.0"}
    assert "license:apache-2.0" in str(other["tags"])
    assert info(room, f"{model}/revision/main")["cardData"] == info(room, model)["cardData"]
    assert info(room, f"{model}/revision/{other['sha']}")["sha"] == other["sha"]
    answer = room.get(f"/api/models/{model}/revision/nowhere")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")


def test_lists_learn_the_number_of_parameters_soon(room: Room, model: str) -> None:
    room.hub.queue.run_due(room.hub)
    assert [item["id"] for item in room.get("/api/models?num_parameters=min:9,max:10").json()] == [model]
    assert room.get("/api/models?num_parameters=min:1K").json() == []


def test_shards_count_together(room: Room) -> None:
    repo = room.repo(room.cast.alice, "shards")
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    files: dict[str, bytes | str] = {
        "model.safetensors.index.json": json.dumps(index),
        "model-1.safetensors": tensors(a=[5, 5]),
    }
    room.write(room.cast.alice, repo, files)
    assert "safetensors" not in info(room, repo), "a shard is missing, so the number is not known"
    room.write(room.cast.alice, repo, {"model-2.safetensors": tensors(b=[5, 1])})
    assert info(room, repo)["safetensors"] == {"parameters": {"F32": 30}, "total": 30}


def test_what_is_no_safetensors_is_left_out(room: Room) -> None:
    repo = room.repo(room.cast.alice, "broken")
    room.write(
        room.cast.alice, repo, {"model.safetensors": b"\xff" * 100, "config.json": "[1, 2", "README.md": "---\n[\n"}
    )
    found = info(room, repo)
    assert "safetensors" not in found
    assert found["config"] == {}


def test_a_card_that_cannot_be_read_hides_nothing_else(room: Room) -> None:
    """A push may bring a broken card; the files are there all the same."""
    repo = room.repo(room.cast.alice, "half")
    room.write(room.cast.alice, repo, {"README.md": "# No metadata", "a.gguf": b"x"})
    assert info(room, repo)["tags"] == ["gguf"]


def test_a_space_says_that_nothing_runs(room: Room) -> None:
    body = {"name": "app", "type": "space", "sdk": "gradio"}
    assert room.post("/api/repos/create", room.cast.alice, json=body).status_code == 200
    found = room.get("/api/spaces/alice/app").json()
    assert (
        found["runtime"] == room.get("/api/spaces/alice/app/runtime").json() == {"stage": "STOPPED", "hardware": None}
    )
    assert (found["sdk"], found["subdomain"]) == ("gradio", "alice-app")
    assert found["models"] == found["datasets"] == []


def test_spaces_that_use_a_model(room: Room, model: str) -> None:
    card = f"---\nsdk: gradio\nmodels: [{model}]\n---\n"
    room.post("/api/repos/create", room.cast.alice, json={"name": "user", "type": "space", "sdk": "gradio"})
    head = {"key": "header", "value": {"summary": "card"}}
    line = {"key": "file", "value": {"path": "README.md", "content": card, "encoding": "utf-8"}}
    body = f"{json.dumps(head)}\n{json.dumps(line)}"
    assert room.post("/api/spaces/alice/user/commit/main", room.cast.alice, content=body).status_code == 200
    room.hub.queue.run_due(room.hub)
    assert info(room, f"{model}?expand=spaces")["spaces"] == ["alice/user"]
    assert [item["id"] for item in room.get(f"/api/spaces?models={model}").json()] == ["alice/user"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/spaces/templates", 200),
        ("GET", "/api/agent-harnesses", 200),
        ("HEAD", "/api/telemetry/gradio/start", 204),
        ("POST", "/api/telemetry/x", 204),
        ("GET", "/api/spaces/hardware", 200),
        ("POST", "/api/spaces/alice/asleep/restart", 501),
    ],
)
def test_what_clients_ask_besides(room: Room, method: str, path: str, status: int) -> None:
    room.post("/api/repos/create", room.cast.alice, json={"name": "asleep", "type": "space", "sdk": "gradio"})
    answer = room.ask(method, path, room.cast.alice)
    assert answer.status_code == status
    if method != "HEAD" and status != 204:
        assert answer.json()
