"""Every task by the stock `InferenceClient`, and `/v1` by the stock `openai` client, with models in all formats."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, InferenceClient
from openai import OpenAI
from PIL import Image

from pioche.testkit import models, more_models
from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast, cast_on
from pioche.testkit.server import Server

pytestmark = [pytest.mark.client, pytest.mark.library]

Publish = Callable[..., str]


@pytest.fixture(scope="module")
def publish(server: Server, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Publish:
    """Makes a model and uploads it once; its name."""
    api: HfApi = Hf(server.url, tmp_path_factory.mktemp("api"), cast.alice).api
    made: set[str] = set()

    def make(make_folder: Callable[..., Path], name: str, *more: str) -> str:
        repo = f"alice/{name}"
        if repo not in made:
            made.add(repo)
            folder = make_folder(tmp_path_factory.mktemp(name) / "model", *more)
            api.create_repo(repo)
            api.upload_folder(repo_id=repo, folder_path=str(folder))
        return repo

    return make


@pytest.fixture
def ask(server: Server, cast: Cast) -> Callable[[str], InferenceClient]:
    return lambda repo: InferenceClient(model=f"{server.url}/models/{repo}", token=cast.alice.token, timeout=200)


@pytest.fixture
def openai(server: Server, cast: Cast) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/v1", api_key=cast.alice.token, timeout=200, max_retries=0)


def picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (shade, shade, shade)).save(out, "PNG")
    return out.getvalue()


def test_pictures_of_a_size_by_openai(publish: Publish, openai: OpenAI) -> None:
    repo = publish(models.painter, "do-paint")
    found = openai.images.generate(model=repo, prompt="a blue square", n=2, size="24x24")  # type: ignore[arg-type]
    pictures = [Image.open(io.BytesIO(base64.b64decode(item.b64_json or ""))) for item in found.data or []]
    assert [picture.size for picture in pictures] == [(24, 24)] * 2
    assert repo in [model.id for model in openai.models.list()]


def test_pictures_are_described(ask: Callable[[str], InferenceClient], publish: Publish) -> None:
    asked = ask(publish(more_models.teller, "do-tell"))
    assert asked.image_to_text(picture(90)).generated_text is not None


def test_tables(ask: Callable[[str], InferenceClient], publish: Publish, server: Server) -> None:
    table = {"size": ["1.0", "9.0"], "wave": ["0.5", "-0.9"]}
    found = ask(publish(more_models.table, "do-sort", "tabular-classification")).tabular_classification(table)
    assert found == ["small", "large"]
    # The stock client sends no regression to an address (`tabular-regression` has no helper there).
    other = publish(more_models.table, "do-guess", "tabular-regression")
    answer = httpx.post(f"{server.url}/models/{other}", json={"table": table}, timeout=200)
    assert answer.json() == pytest.approx([2, 18], abs=1)
    url = f"{server.url}/models/alice/do-sort"
    for said, word in (({"size": ["1"]}, "wave"), ({"size": ["big"], "wave": ["1"]}, "not a number"), ({}, "column")):
        answer = httpx.post(url, json={"table": said})
        assert (answer.status_code, word in answer.json()["error"]) == (400, True), answer.text


def test_openai_speaks_to_a_model_in_gguf(publish: Publish, openai: OpenAI, server: Server) -> None:
    repo = publish(more_models.squeezed_talker, "do-talk-gguf")
    messages = [{"role": "user", "content": "what is good"}]
    whole = openai.chat.completions.create(model=repo, messages=messages, max_tokens=8, temperature=0)  # type: ignore[arg-type]
    assert whole.usage is not None
    assert 0 < whole.usage.completion_tokens <= 8
    assert whole.choices[0].message.content
    stream = openai.chat.completions.create(model=repo, messages=messages, max_tokens=8, temperature=0, stream=True)  # type: ignore[arg-type]
    text = "".join(piece.choices[0].delta.content or "" for piece in stream if piece.choices)
    assert text == whole.choices[0].message.content
    assert openai.completions.create(model=repo, prompt="the film", max_tokens=4).choices[0].text
    assert repo in [model.id for model in openai.models.list()]
    said = httpx.get(f"{server.url}/models/{repo}/info").json()
    assert (said["state"], said["pipeline_tag"]) == ("warm", "text-generation")


def test_openai_asks_for_completions_and_vectors(publish: Publish, openai: OpenAI) -> None:
    repo = publish(models.talker, "do-talk")
    whole = openai.completions.create(model=repo, prompt=["the film", "a day"], max_tokens=6, temperature=0)
    assert len(whole.choices) == 2
    assert whole.usage is not None
    assert 0 < whole.usage.completion_tokens <= 12
    pieces = openai.completions.create(model=repo, prompt="the film", max_tokens=6, temperature=0, stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == whole.choices[0].text
    vectors = openai.embeddings.create(model=publish(models.embedder, "do-embed"), input=["the film", "a day"])
    assert [len(one.embedding) for one in vectors.data] == [32, 32]


def test_pickles_are_not_loaded(server: Server, cast: Cast, publish: Publish) -> None:
    def poison(folder: Path) -> Path:
        folder.mkdir(parents=True)
        (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch /tmp/poisoned'\ntR.")
        (folder / "config.json").write_text(
            '{"model_type": "bert", "architectures": ["BertForSequenceClassification"]}'
        )
        models.card(folder, "text-classification")
        return folder

    repo = publish(poison, "do-poison")
    answer = httpx.post(f"{server.url}/models/{repo}", json={"inputs": "a"})
    assert (answer.status_code, "Pickles" in answer.json()["error"]) == (501, True)
    assert not Path("/tmp/poisoned").exists()


def test_programs_of_a_model_do_not_run(server: Server, publish: Publish) -> None:
    def strange(folder: Path) -> Path:
        models.of_task(folder, "fill-mask")
        config = (folder / "config.json").read_text()
        more = '{"auto_map": {"AutoModelForMaskedLM": "model.Strange", "AutoConfig": "model.Config"},'
        config = config.replace('"model_type": "bert"', '"model_type": "strange"')
        (folder / "config.json").write_text(more + config.lstrip()[1:])
        (folder / "model.py").write_text("raise SystemExit('it ran')\n")
        return folder

    repo = publish(strange, "do-strange")
    answer = httpx.post(f"{server.url}/models/{repo}", json={"inputs": "the [MASK]"}, timeout=200)
    assert answer.status_code == 503
    assert "could not be loaded" in answer.json()["error"]
    assert "it ran" not in answer.text


def test_the_quota_is_told(server: Server, cast: Cast, publish: Publish) -> None:
    repo = publish(more_models.table, "do-sort", "tabular-classification")
    headers = {"authorization": f"Bearer {cast.bob.token}"}
    told = []
    for _ in range(2):
        answer = httpx.post(f"{server.url}/models/{repo}", json={}, headers=headers)
        assert answer.status_code == 400
        told.append(answer.headers["ratelimit"])
    assert all(one.startswith('"inference";r=') for one in told)
    first, second = (int(one.partition("r=")[2].partition(";")[0]) for one in told)
    assert second == first - 1


def test_a_hub_that_stops_puts_its_models_to_sleep(tmp_path: Path) -> None:
    """Their memory is not left to nobody."""
    server = Server(tmp_path / "data").start()
    try:
        carol = cast_on(server.data).carol
        api: HfApi = Hf(server.url, tmp_path / "api", carol).api
        api.create_repo("carol/sorts")
        folder = more_models.table(tmp_path / "model", "tabular-classification")
        api.upload_folder(repo_id="carol/sorts", folder_path=str(folder))
        asked = {"table": {"size": [1], "wave": [0]}}
        assert httpx.post(f"{server.url}/models/carol/sorts", json=asked, timeout=200).json() == ["small"]
        assert server.processes_of_runs()
        server.stop()
        assert server.processes_of_runs() == []
    finally:
        server.put_away()
