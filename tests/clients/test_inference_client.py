"""Models are asked by the stock `InferenceClient`, by the `openai` client's requests, and in the page."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, InferenceClient

from pioche.testkit import models
from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast, Person, cast_on
from pioche.testkit.server import Server

pytestmark = [pytest.mark.client, pytest.mark.library]


@pytest.fixture(scope="module")
def api(server: Server, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> HfApi:
    return Hf(server.url, tmp_path_factory.mktemp("api"), cast.alice).api


@pytest.fixture(scope="module")
def publish(api: HfApi, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Makes a model and uploads it; its name."""

    def make(make_folder: Callable[..., Path], name: str, *more: str, private: bool = False) -> str:
        folder = make_folder(tmp_path_factory.mktemp(name) / "model", *more)
        repo = f"alice/{name}"
        api.create_repo(repo, private=private)
        api.upload_folder(repo_id=repo, folder_path=str(folder))
        return repo

    return make


@pytest.fixture(scope="module")
def mood(publish: Callable[..., str]) -> str:
    return publish(models.classifier, "ask-mood")


def client(server: Server, repo: str, person: Person | None) -> InferenceClient:
    token = person.token if person else None
    return InferenceClient(model=f"{server.url}/models/{repo}", token=token, timeout=200)


def test_a_classifier_tells_good_from_bad(server: Server, cast: Cast, mood: str) -> None:
    found = client(server, mood, cast.bob).text_classification("this day was great")
    assert found[0].label == "good"
    assert found[0].score > 0.9
    assert client(server, mood, None).text_classification("i hate it")[0].label == "bad"
    said = httpx.get(f"{server.url}/models/{mood}/info").json()
    assert (said["state"], said["pipeline_tag"]) == ("warm", "text-classification")


def test_many_at_once_are_answered_together(server: Server, cast: Cast, mood: str) -> None:
    asked = client(server, mood, cast.bob)
    texts = [f"it was {word}" for word in ("good", "awful", "great", "poor") * 8]
    with ThreadPoolExecutor(16) as pool:
        labels = [found[0].label for found in pool.map(asked.text_classification, texts)]
    assert labels == ["good", "bad", "good", "bad"] * 8


def test_the_page_answers_without_scripts(server: Server, mood: str) -> None:
    with httpx.Client(base_url=server.url, timeout=200) as browser:
        page = browser.get(f"/{mood}/try")
        assert "the film is great" in page.text  # the example of the card
        answer = browser.post(f"/{mood}/try", data={"text": "i love this film"})
        assert answer.status_code == 200
        assert re.findall(r"<li><span>(good|bad)</span>", answer.text) == ["good", "bad"]
        assert "Warm" in answer.text
        assert 'href="/' + mood + '/try"' in browser.get(f"/{mood}").text
        assert browser.post(f"/{mood}/try", data={"text": "  "}).status_code == 400


def test_a_private_model_answers_its_people_alone(server: Server, cast: Cast, publish: Callable[..., str]) -> None:
    repo = publish(models.of_task, "ask-hidden", "fill-mask", private=True)
    assert client(server, repo, cast.alice).fill_mask("the film is [MASK]")[0].token_str
    hidden = httpx.post(f"{server.url}/models/{repo}", json={"inputs": "the [MASK]"})
    absent = httpx.post(f"{server.url}/models/{repo}-not", json={"inputs": "the [MASK]"})
    assert hidden.status_code == absent.status_code == 401
    assert hidden.text.replace(repo, "") == absent.text.replace(f"{repo}-not", "")
    assert httpx.get(f"{server.url}/{repo}/try").status_code in (401, 404)


@pytest.mark.parametrize("task", ["token-classification", "question-answering", "zero-shot-classification"])
def test_other_tasks(server: Server, cast: Cast, publish: Callable[..., str], task: str) -> None:
    asked = client(server, publish(models.of_task, f"ask-{task}", task), cast.alice)
    match task:
        case "token-classification":
            assert all(0 <= one.score <= 1 for one in asked.token_classification("ada lives in london"))
        case "question-answering":
            found = asked.question_answering(question="who lives in london", context="ada lives in london")
            assert (found[0] if isinstance(found, list) else found).score >= 0
        case _:
            labels = ["film", "train"]
            assert {one.label for one in asked.zero_shot_classification("the train", labels)} == set(labels)


def test_sentences_are_compared(server: Server, cast: Cast, publish: Callable[..., str]) -> None:
    repo = publish(models.embedder, "ask-sentences")
    asked = client(server, repo, cast.alice)
    same, other = asked.sentence_similarity("the film is good", ["the film is good", "ada lives in lyon"])
    assert same == pytest.approx(1.0, abs=1e-4)
    assert other < same
    vectors = InferenceClient(model=f"{server.url}/models/{repo}/pipeline/feature-extraction", token=cast.alice.token)
    assert vectors.feature_extraction("the film").shape[-1] == 32
    answer = httpx.post(f"{server.url}/v1/embeddings", json={"model": repo, "input": ["a", "the film"]}, timeout=60)
    assert [len(one["embedding"]) for one in answer.json()["data"]] == [32, 32]


def test_chat_streams(server: Server, cast: Cast, publish: Callable[..., str]) -> None:
    repo = publish(models.talker, "ask-talker")
    asked = InferenceClient(base_url=f"{server.url}/v1", token=cast.alice.token, timeout=200)
    messages = [{"role": "user", "content": "what is good"}]
    whole = asked.chat_completion(messages, model=repo, max_tokens=12, temperature=0)
    assert whole.usage.completion_tokens <= 12
    assert whole.choices[0].finish_reason in ("stop", "length")
    pieces = list(asked.chat_completion(messages, model=repo, max_tokens=12, temperature=0, stream=True))
    text = "".join(one.choices[0].delta.content or "" for one in pieces if one.choices)
    assert text == whole.choices[0].message.content
    by_model = client(server, repo, cast.alice)
    assert by_model.text_generation("the film", max_new_tokens=5) is not None
    assert "".join(by_model.text_generation("the film", max_new_tokens=5, stream=True)) is not None
    names = [one["id"] for one in httpx.get(f"{server.url}/v1/models").json()["data"]]
    assert repo in names


def test_what_cannot_be_asked(server: Server, cast: Cast, mood: str, api: HfApi) -> None:
    url = f"{server.url}/models/{mood}"
    for body, word in (({}, "inputs"), ({"inputs": ""}, "no text"), ({"inputs": "x" * 300_000}, "characters")):
        answer = httpx.post(url, json=body)
        assert answer.status_code == 400
        assert word in answer.json()["error"]
    assert httpx.post(url, content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert httpx.post(f"{url}/pipeline/translation", json={"inputs": "a"}).status_code == 400
    api.create_repo("alice/ask-pickle", exist_ok=True)
    api.upload_file(path_or_fileobj=b"\x80\x04.", path_in_repo="pytorch_model.bin", repo_id="alice/ask-pickle")
    answer = httpx.post(f"{server.url}/models/alice/ask-pickle", json={"inputs": "a"})
    assert answer.status_code == 501
    assert json.loads(answer.text)["error"]


def test_a_model_that_does_not_load_says_why(server: Server, api: HfApi, cast: Cast, tmp_path: Path) -> None:
    api.create_repo("alice/ask-broken")
    models.card(tmp_path, "text-classification")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 100)
    api.upload_folder(repo_id="alice/ask-broken", folder_path=str(tmp_path))
    answer = httpx.post(f"{server.url}/models/alice/ask-broken", json={"inputs": "a"}, timeout=200)
    assert answer.status_code == 503
    assert "could not be loaded" in answer.json()["error"]
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_pictures_are_painted_and_looked_at(server: Server, cast: Cast, publish: Callable[..., str]) -> None:
    painter, seer = publish(models.painter, "ask-painter"), publish(models.seer, "ask-seer")
    asked = client(server, painter, cast.alice)
    first, second = (asked.text_to_image("a red circle", num_inference_steps=2, seed=seed) for seed in (1, 1))
    assert first.size == (16, 16)
    assert first.tobytes() == second.tobytes()
    out = io.BytesIO()
    first.save(out, "PNG")
    found = client(server, seer, cast.alice).image_classification(out.getvalue())
    assert {one.label for one in found} == {"day", "night"}
    assert sum(one.score for one in found) == pytest.approx(1, abs=1e-3)
    # As the client of OpenAI asks it.
    headers = {"authorization": f"Bearer {cast.alice.token}"}
    body = {"model": painter, "prompt": "a blue square", "n": 1, "response_format": "b64_json"}
    made = httpx.post(f"{server.url}/v1/images/generations", json=body, headers=headers, timeout=200)
    assert made.status_code == 200, made.text
    assert base64.b64decode(made.json()["data"][0]["b64_json"]).startswith(b"\x89PNG")
    assert httpx.post(f"{server.url}/models/{seer}", content=b"no picture", timeout=200).status_code == 400


@pytest.mark.parametrize("task", ["summarization", "translation"])
def test_texts_are_rewritten(server: Server, cast: Cast, publish: Callable[..., str], task: str) -> None:
    asked = client(server, publish(models.rewriter, f"ask-{task}", task), cast.alice)
    if task == "summarization":
        assert isinstance(asked.summarization("the film is good").summary_text, str)
    else:
        assert isinstance(asked.translation("the film is good").translation_text, str)


def test_a_text_goes_on(server: Server, cast: Cast, publish: Callable[..., str]) -> None:
    repo = publish(models.talker, "ask-goes-on")
    headers = {"authorization": f"Bearer {cast.alice.token}"}
    body = {"model": repo, "prompt": "the film is", "max_tokens": 4}
    said = httpx.post(f"{server.url}/v1/completions", json=body, headers=headers, timeout=200)
    assert said.status_code == 200, said.text
    assert said.json()["usage"]["completion_tokens"] <= 4
    assert isinstance(said.json()["choices"][0]["text"], str)


ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


def test_a_model_that_never_answers_is_stopped(tmp_path: Path) -> None:
    """A template of its own may take for ever: nobody else's model has to wait for that."""
    stuck = Server(tmp_path / "data", {"PIOCHE_MODEL_ANSWER_SECONDS": "6"}).start()
    try:
        carol = cast_on(stuck.data).carol
        folder = models.talker(tmp_path / "model")
        (folder / "chat_template.jinja").write_text(ENDLESS)
        api = Hf(stuck.url, tmp_path / "api", carol).api
        api.create_repo("carol/endless")
        api.upload_folder(repo_id="carol/endless", folder_path=str(folder))
        asked = {"model": "carol/endless", "messages": [{"role": "user", "content": "good day"}], "max_tokens": 4}
        headers = {"authorization": f"Bearer {carol.token}"}
        answer = httpx.post(f"{stuck.url}/v1/chat/completions", json=asked, headers=headers, timeout=150)
        assert answer.status_code == 503, answer.text
        assert "did not answer within 6 seconds" in answer.text
        assert httpx.get(f"{stuck.url}/models/carol/endless/info").json()["state"] == "asleep"
    finally:
        stuck.put_away()


@pytest.mark.parametrize(
    "parameters",
    [{"num_inference_steps": 10**9}, {"height": 10**6}, {"candidate_labels": ["x"] * 101}, {"top_k": "all"}],
    ids=str,
)
def test_what_would_take_for_hours_is_refused(server: Server, mood: str, parameters: dict[str, object]) -> None:
    answer = httpx.post(f"{server.url}/models/{mood}", json={"inputs": "good", "parameters": parameters})
    assert answer.status_code == 400, answer.text
