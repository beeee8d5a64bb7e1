"""Models are tried in the page: a chat word by word, pictures, classes, entities, tables; two side by side."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from pioche.testkit import models, more_models
from pioche.testkit.browser import Visits
from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.library]

LONG = 200_000
COUNT = """() => {
  window.changes = 0;
  new MutationObserver((all) => (window.changes += all.length)).observe(
    document.querySelector("[role=log]"), { childList: true, subtree: true, characterData: true });
}"""


@pytest.fixture(scope="module")
def publish(server: Server, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    api: HfApi = Hf(server.url, tmp_path_factory.mktemp("api"), cast.alice).api

    def make(make_folder: Callable[..., Path], name: str, *more: str) -> str:
        repo = f"alice/{name}"
        if not api.repo_exists(repo):
            folder = make_folder(tmp_path_factory.mktemp(name) / "model", *more)
            api.create_repo(repo)
            api.upload_folder(repo_id=repo, folder_path=str(folder))
        return repo

    return make


def say(page: Page, text: str, button: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name=button, exact=True).click()


def test_a_chat_streams_and_can_be_stopped(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    repo = publish(models.talker, "page-talker")
    page = visit(cast.alice)
    page.goto(f"/{repo}/try")
    expect(page.locator("[data-model-state]")).to_have_text("Asleep: the first answer takes a while")
    before = page.get_by_label("Your message").bounding_box()
    say(page, "what is good", "Send")
    expect(page.get_by_text("Loading ·")).to_be_visible()
    assert page.get_by_label("Your message").bounding_box() == before  # nothing jumps
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("log").get_by_text("Stopped")).to_be_visible()
    page.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_role("log")).to_be_hidden()
    page.get_by_label("System prompt").fill("the film is good")
    page.get_by_label("Tokens at most").fill("40")
    page.evaluate(COUNT)
    say(page, "what is bad", "Send")
    expect(page.get_by_text("tokens a second")).to_be_visible(timeout=LONG)
    assert page.evaluate("window.changes") > 1  # it came in parts, of which a busy machine draws some together
    expect(page.locator("[data-model-state]")).to_have_text("Warm: it answers at once")
    page.get_by_label("Your message").fill("and again")
    page.get_by_label("Your message").press("Enter")
    expect(page.get_by_text("tokens a second")).to_have_count(2, timeout=LONG)
    expect(page.locator(".said[data-role=assistant]")).to_have_count(2)
    expect(page.get_by_text("from openai import OpenAI")).to_be_visible()


def test_two_models_side_by_side(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    first, second = publish(models.talker, "page-talker"), publish(more_models.squeezed_talker, "page-gguf")
    page = visit(cast.bob)
    page.goto(f"/playground?model={first}")
    page.get_by_label("Beside it").select_option(second)
    page.get_by_role("button", name="Choose").click()
    say(page, "what is good", "Send")
    expect(page.get_by_text("tokens a second")).to_have_count(2, timeout=LONG)
    expect(page.get_by_role("region", name=second).locator(".said[data-role=assistant]")).not_to_be_empty()
    page.goto("/playground")  # without a name it begins with one that can talk
    expect(page.get_by_label("Your message")).to_be_visible()
    page.goto("/playground?model=alice/there-is-none")
    visit.expect_error("400")
    expect(page.get_by_text("is no model that you can chat with")).to_be_visible()


def test_a_picture_from_a_prompt(visit: Visits, cast: Cast, publish: Callable[..., str], tmp_path: Path) -> None:
    page = visit(cast.alice)
    page.goto(f"/{publish(models.painter, 'page-painter')}/try")
    page.get_by_role("link", name="a blue square").click()
    expect(page.get_by_label("What the picture shows")).to_have_value("a blue square")
    page.get_by_label("Steps").fill("3")
    page.get_by_label("Seed").fill("7")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("img", name="a blue square")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("img", name="a blue square")).to_have_class("answer-image dots")  # of 16 x 16 dots
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "page-painter-7.png"
    download.value.save_as(tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").size == (16, 16)
    expect(page.get_by_text("num_inference_steps=3, seed=7")).to_be_visible()


def test_a_picture_is_put_into_a_class(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), (250, 250, 250)).save(out, "PNG")
    page = visit(cast.alice)
    page.goto(f"/{publish(models.seer, 'page-seer')}/try")
    page.get_by_label("A picture").set_input_files(
        {"name": "light.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    expect(page.get_by_role("img", name="The picture that was sent")).to_be_visible()
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .tally li")).to_have_count(2, timeout=LONG)


def test_bars_entities_sentences_and_tables(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    page = visit(cast.alice)
    page.goto(f"/{publish(models.classifier, 'page-mood')}/try")
    page.get_by_label("Text").fill("the film is awful")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .tally li span").first).to_have_text("bad", timeout=LONG)
    page.goto(f"/{publish(models.of_task, 'page-names', 'token-classification')}/try")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .entities")).to_contain_text("LABEL_", timeout=LONG)
    expect(page.get_by_text("does not name its classes")).to_be_visible()
    page.goto(f"/{publish(models.embedder, 'page-near')}/try")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .tally li")).to_have_count(2, timeout=LONG)
    page.goto(f"/{publish(more_models.table, 'page-table', 'tabular-classification')}/try")
    page.get_by_label("size, row 1").fill("9.5")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer tbody tr").first).to_contain_text("large", timeout=LONG)


def test_a_model_is_tried_beside_its_card(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    page = visit(cast.bob)
    page.goto(f"/{publish(models.classifier, 'page-mood')}")
    widget = page.get_by_role("region", name="Try it")
    expect(widget.locator("[data-model-state]")).to_be_visible()
    widget.get_by_label("Text").fill("the film is awful")
    widget.get_by_role("button", name="Run").click()
    expect(widget.locator(".tally li span").first).to_have_text("bad", timeout=LONG)
    expect(widget.get_by_text("Answered in")).to_be_visible()
    widget.get_by_label("Text").fill("the film is good")
    widget.get_by_role("button", name="Run").click()
    expect(widget.locator(".tally li span").first).to_have_text("good", timeout=LONG)
    page.goto(f"/{publish(models.talker, 'page-talker')}")
    expect(page.get_by_text("Nothing was said yet.")).to_be_visible()
    say(page, "what is good", "Send")
    expect(page.get_by_text("tokens a second")).to_be_visible(timeout=LONG)
    page.get_by_role("link", name="More").click()
    expect(page.get_by_label("System prompt")).to_be_visible()


def test_a_card_may_want_no_widget(visit: Visits, cast: Cast, publish: Callable[..., str], server: Server) -> None:
    repo, page = publish(models.classifier, "page-quiet"), visit(cast.alice)
    api: HfApi = HfApi(server.url, token=cast.alice.token)
    card = b"---\npipeline_tag: text-classification\ninference: false\n---\n# Quiet\n"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo)
    page.goto(f"/{repo}")
    expect(page.get_by_role("heading", name="Quiet", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Try it")).to_have_count(0)
    expect(page.get_by_role("link", name="Try it")).to_be_visible()


def test_what_cannot_be_answered_is_told_in_plain_words(
    visit: Visits, cast: Cast, publish: Callable[..., str], server: Server
) -> None:
    page = visit(cast.alice)
    visit.expect_error("status of")
    page.goto(f"/{publish(models.seer, 'page-seer')}/try")
    page.get_by_label("A picture").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"none"})
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .notice")).to_have_text("This is no picture that can be read.", timeout=LONG)
    # It fills gaps, and is called a classifier: what it would need for that would be made up.
    repo = publish(models.of_task, "page-no-head", "fill-mask")
    api: HfApi = HfApi(server.url, token=cast.alice.token)
    card = b"---\npipeline_tag: text-classification\nlibrary_name: transformers\n---\n# A head is missing\n"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo)
    page.goto(f"/{repo}/try")
    page.get_by_label("Text").fill("  ")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .notice")).to_have_text("Write something first.")
    page.get_by_label("Text").fill("the film is good")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .notice")).to_contain_text("lack weights", timeout=LONG)
    expect(page.locator("#answer .notice")).to_contain_text("classifier")
    expect(page.locator(".tally")).to_have_count(0)


def test_code_is_shown_in_the_language_that_one_reads(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    page = visit(cast.alice)
    page.goto(f"/{publish(models.of_task, 'page-gaps', 'fill-mask')}/try")
    codes = page.locator("[data-codes]")
    expect(codes.get_by_text("InferenceClient(")).to_be_visible()
    codes.get_by_label("curl").check()
    expect(codes.get_by_text("InferenceClient(")).to_be_hidden()
    page.get_by_label("Text").fill("the film is [MASK]")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .tally li").first).to_be_visible(timeout=LONG)
    expect(codes.get_by_text("the film is [MASK]")).to_have_count(3)
    expect(codes.get_by_label("curl")).to_be_checked()
    codes.get_by_label("curl").press("ArrowRight")
    expect(codes.get_by_text("await fetch(")).to_be_visible()


def test_code_shows_the_talk_as_it_stands(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    page = visit(cast.alice)
    page.goto(f"/{publish(models.talker, 'page-talker')}/try")
    codes = page.locator("[data-codes]")
    text, question = page.get_by_label("Your message"), 'it\'s "good"'
    assert "What is a model card for?" in shown(codes)["Python"]
    page.get_by_label("System prompt").fill("the film is good")
    page.get_by_label("Tokens at most").fill("8")
    text.fill(question)
    expect(codes).to_contain_text("max_tokens=8")
    expect(codes).to_contain_text('good\\"')
    assert [*map(talk_of, shown(codes).values())] == [[("system", "the film is good"), ("user", question)]] * 3
    codes.get_by_label("curl").check()
    text.press("Enter")
    expect(page.get_by_text("tokens a second")).to_be_visible(timeout=LONG)
    assert talk_of(shown(codes)["curl"])[1:] == [("user", question)]  # what was asked, not an empty field
    answer = page.locator(".said[data-role=assistant]").inner_text()
    text.fill("and again")
    expect(codes.get_by_text("and again")).to_have_count(3)
    expect(codes.get_by_label("curl")).to_be_checked()
    talk = [("system", "the film is good"), ("user", question), ("assistant", answer), ("user", "and again")]
    assert [*map(talk_of, shown(codes).values())] == [talk] * 3
    page.get_by_role("button", name="Begin anew").click()
    text.fill("")
    expect(codes.get_by_text("Hello")).to_have_count(3)
    assert talk_of(shown(codes)["curl"]) == [("system", "the film is good"), ("user", "Hello")]
    page.goto("/playground?model=alice/page-talker")
    page.get_by_label("Your message").fill("of two")
    expect(codes.get_by_text("of two")).to_have_count(3)


def shown(codes: Locator) -> dict[str, str]:
    """Title -> code."""
    titles = codes.get_by_role("radio").locator("..").all_inner_texts()
    return dict(zip(titles, codes.locator("pre").all_text_contents(), strict=True))


def talk_of(code: str) -> list[tuple[str, str]]:
    """The messages in it: JSON in each of the languages; a shell joins what it quotes."""
    plain = code.replace("'\\''", "'")
    start = re.search(r"messages[\"=: ]+(?=\[)", plain)
    assert start, code
    found, _ = json.JSONDecoder().raw_decode(plain[start.end() :])
    return [(one["role"], one["content"]) for one in found]


def test_what_is_too_long_is_said_at_its_field(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    repo, page = publish(models.classifier, "page-mood"), visit(cast.alice)
    page.goto(f"/{repo}/try")
    field, told = page.get_by_label("Text"), page.locator(".field .error")
    field.fill("\U0001f600" * 200_001)
    expect(told).to_have_text("This text has 200,001 characters; 200,000 are the limit.")
    expect(field).to_have_accessible_description(re.compile("200,000 are the limit"))
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("The answer appears here.")).to_be_visible()  # nothing was sent
    field.fill("the film is awful")
    expect(told).to_have_count(0)
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .tally li span").first).to_have_text("bad", timeout=LONG)
    labels = publish(models.of_task, "page-labels", "zero-shot-classification")
    page.goto(f"/{labels}/try")
    page.get_by_label("Labels, with commas").fill(",".join(map(str, range(101))))
    visit.expect_error("400")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer .notice")).to_contain_text("at most 100 texts")
    plain = visit(scripts=False)
    visit.expect_error("400")
    for address, button, text in ((f"/{repo}/try", "Run", "Text"), ("/playground?model={}", "Send", "Your message")):
        plain.goto(address.format(publish(models.talker, "page-talker")))
        plain.get_by_label(text, exact=True).fill("\U0001f600" * 200_001)
        plain.get_by_role("button", name=button, exact=True).click()
        expect(plain.locator(".notice")).to_contain_text("A text may have 200,000 characters.")
        expect(plain.locator(".field .error")).to_have_text("This text has 200,001 characters; 200,000 are the limit.")
        assert len(plain.get_by_label(text, exact=True).input_value()) == 200_001  # it is all there to be shortened


def test_without_scripts(visit: Visits, publish: Callable[..., str]) -> None:
    page = visit(scripts=False)
    page.set_default_timeout(LONG)
    page.goto(f"/playground?model={publish(models.talker, 'page-talker')}")
    say(page, "what is good", "Send")
    expect(page.locator(".said[data-role=assistant]")).to_be_visible(timeout=LONG)
