"""What is read of weights in GGUF, which variants there are, and what cards and tokenizers tell."""

from __future__ import annotations

import json
import typing
from pathlib import Path

import gguf
import numpy
import pytest
from huggingface_hub import hf_api

from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import TreeNode
from pioche.repos.describe import describe
from pioche.repos.quants import label_of, quants_of
from pioche.testkit.room import Room, large


def model_file(path: Path) -> bytes:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(2048)
    writer.add_tensor("token_embd.weight", numpy.zeros((4, 32), dtype=numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def test_gguf_is_measured_shown_and_found(room: Room, tmp_path: Path) -> None:
    alice = room.cast.alice
    repo, data = room.repo(alice, "quants"), model_file(tmp_path / "a.gguf")
    sha256 = room.upload(alice, repo, data)
    paths = ("m-Q4_K_M.gguf", "m-F16-00001-of-00002.gguf", "m-F16-00002-of-00002.gguf", "mmproj-m-F16.gguf")
    lines = [large(path, sha256, len(data)) for path in paths]
    assert room.commit(alice, repo, *lines).status_code == 200
    room.hub.queue.run_due(room.hub)
    found = room.get(f"/api/models/{repo}?expand=gguf&expand=safetensors").json()
    assert found["gguf"] == {"total": 128, "architecture": "llama", "context_length": 2048}
    assert "safetensors" not in found
    listed = room.get("/api/models?num_parameters=min:100,max:200").json()
    assert repo in [one["id"] for one in listed]
    page = room.get(f"/{repo}").text
    assert "Q4_K_M" in page
    assert "mmproj" not in page.partition("<aside")[2]
    file = room.get(f"/{repo}/blob/main/m-Q4_K_M.gguf").text
    assert "token_embd.weight" in file
    assert "llama.context_length" in file


def test_a_file_that_is_no_gguf_breaks_nothing(room: Room) -> None:
    repo = room.repo(room.cast.alice, "liar")
    room.write(room.cast.alice, repo, {"a.gguf": b"GGUF\3\0\0\0" + b"\xff" * 64, "b-Q8_0.gguf": b""})
    room.hub.queue.run_due(room.hub)
    assert "gguf" not in room.get(f"/api/models/{repo}?expand=gguf").json()
    assert room.get(f"/{repo}").status_code == 200
    assert "No preview" in room.get(f"/{repo}/blob/main/a.gguf").text


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("llama-3-8b-instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("model.q8_0.gguf", "Q8_0"),
        ("BF16/model-00001-of-00002.gguf", "BF16"),
        ("model-UD-IQ2_XXS.gguf", "UD-IQ2_XXS"),
        ("gpt-oss-MXFP4.gguf", "MXFP4"),
        ("qwen2.5-7b-fp16.gguf", "FP16"),
        ("model.gguf", ""),
    ],
)
def test_labels(path: str, label: str) -> None:
    assert label_of(path) == label


def test_variants_are_sorted_and_their_shards_counted() -> None:
    paths = ["a-Q8_0.gguf", "F16/a-00001-of-00002.gguf", "F16/a-00002-of-00002.gguf", "a-Q4_K_S.gguf", "x.gguf", "r.md"]
    quants = quants_of([TreeNode(path, "0" * 40, "file", 10) for path in paths])
    assert [(one.label, one.bits, one.size, one.files) for one in quants] == [
        ("Q4_K_S", 4, 10, 1),
        ("Q8_0", 8, 10, 1),
        ("F16", 16, 20, 2),
        ("", 0, 10, 1),
    ]


def test_special_tokens_and_conversations(room: Room) -> None:
    repo = room.repo(room.cast.alice, "chat")
    tokenizer = {"mask_token": {"content": "<mask>"}, "eos_token": "</s>", "chat_template": "{{ x }}", "odd": [1]}
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    files = {"config.json": json.dumps(config), "tokenizer_config.json": json.dumps(tokenizer)}
    room.write(room.cast.alice, repo, files)
    found = room.get(f"/api/models/{repo}?expand=mask_token&expand=config&expand=tags").json()
    assert found["mask_token"] == "<mask>"
    said = {"mask_token": "<mask>", "eos_token": "</s>", "chat_template": "{{ x }}"}
    assert found["config"]["tokenizer_config"] == said
    assert "conversational" in found["tags"]


def test_what_a_card_says_a_dataset_is(room: Room) -> None:
    card = (
        "# Rows\n\n<!-- a\nremark -->\n![x](y.png) A **set** of [rows](http://a.b).\n\n"
        "```bibtex\n@misc{rows, title={Rows}}\n```\n"
    )
    body = {"name": "described", "type": "dataset"}
    assert room.post("/api/repos/create", room.cast.alice, json=body).status_code == 200
    head = {"key": "header", "value": {"summary": "card"}}
    line = {"key": "file", "value": {"path": "README.md", "content": card, "encoding": "utf-8"}}
    text = f"{json.dumps(head)}\n{json.dumps(line)}"
    where = "/api/datasets/alice/described"
    assert room.post(f"{where}/commit/main", room.cast.alice, content=text).status_code == 200
    found = room.get(f"{where}?expand=description&expand=citation&expand=mainSize").json()
    assert found["description"] == "A set of rows."
    assert found["citation"] == "@misc{rows, title={Rows}}"
    repo = room.hub.repos.find(room.actor(room.cast.alice), RepoId.parse(RepoKind.DATASET, "alice/described"))
    files = room.hub.infos.of_row(repo).files
    assert found["mainSize"] == sum(file.size for file in files) > len(card)


HOSTILE = ["\n" * 60_000, "```\n" * 20_000, "<!--" * 20_000, "[" * 60_000, "| a\n" * 20_000, "~~~\n```\n" * 9_000]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_cards_are_described_soon(text: str) -> None:
    assert len(describe(text).get("description", "")) <= 501


KINDS = {
    "models": hf_api.ExpandModelProperty_T,
    "datasets": hf_api.ExpandDatasetProperty_T,
    "spaces": hf_api.ExpandSpaceProperty_T,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_that_the_client_knows_can_be_asked_for(room: Room, kind: str) -> None:
    """Alone and in a list; what this hub knows nothing about is left out."""
    more = {"sdk": "static"} if kind == "spaces" else {}
    body = {"name": f"every-{kind}", "type": kind[:-1], **more}
    assert room.post("/api/repos/create", room.cast.alice, json=body).status_code == 200
    unknown = {"inference", "region", "resourceGroup"}
    for name in typing.get_args(KINDS[kind]):
        for address in (f"/api/{kind}/alice/every-{kind}?expand={name}", f"/api/{kind}?expand={name}&search=every-"):
            answer = room.get(address)
            assert answer.status_code == 200, (name, answer.text)
            one = answer.json()[0] if isinstance(answer.json(), list) else answer.json()
            assert one.keys() <= {"_id", "id", name}
            assert name not in unknown or name not in one
