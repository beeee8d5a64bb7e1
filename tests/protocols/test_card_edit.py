"""Fields of cards are changed, everything else stays to the letter."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from pioche.protocols.card import parse_front_matter
from pioche.protocols.card_edit import CardNotEditable, FieldValue, set_fields

CARD = """---
# who made it
license: mit  # chosen by law
language:
- en   # mostly
# the next came later
- fr

unknown:
  deep: [1, 2]   # of ours
tags: [a, b]
base_model: alice/base
text: |
  # not a comment
  more

# at the end
---
# Title

Body with --- in it.
"""


def test_one_word_is_all_that_changes() -> None:
    assert set_fields(CARD, {"license": "apache-2.0"}) == CARD.replace("mit  #", "apache-2.0  #")


def test_items_come_and_go_and_the_others_keep_their_comments() -> None:
    assert set_fields(CARD, {"language": ["en", "fr", "de"]}) == CARD.replace("- fr\n", "- fr\n- de\n")
    assert set_fields(CARD, {"language": ["fr"]}) == CARD.replace("- en   # mostly\n", "")
    assert set_fields(CARD, {"language": ["de"]}) == CARD.replace("- en   # mostly\n", "").replace("- fr\n", "- de\n")


def test_lists_in_brackets_and_single_texts() -> None:
    assert "tags:\n- a\n- c\nbase_model" in set_fields(CARD, {"tags": ["a", "c"]})
    assert set_fields(CARD, {"base_model": ["bob/base"]}) == CARD.replace("alice/base", "bob/base")
    assert "base_model:\n- a/b\n- c/d\ntext: |" in set_fields(CARD, {"base_model": ["a/b", "c/d"]})


def test_fields_are_taken_away_and_added() -> None:
    gone = set_fields(CARD, {"license": None, "tags": []})
    assert gone == CARD.replace("license: mit  # chosen by law\n", "").replace("tags: [a, b]\n", "")
    assert "# at the end\npipeline_tag: text-generation\n---\n# Title" in set_fields(
        CARD, {"pipeline_tag": "text-generation"}
    )
    assert set_fields(CARD, {"text": None}) == CARD.replace("text: |\n  # not a comment\n  more\n", "")
    assert set_fields(CARD, {}) == CARD
    assert set_fields(CARD, {"pipeline_tag": None}) == CARD


@pytest.mark.parametrize("text", ["", "# Only words\n", "---\n---\nBody\n", "---\n# only a comment\n---\nBody\n"])
def test_a_card_without_metadata_gets_some(text: str) -> None:
    new = set_fields(text, {"license": "mit", "tags": ["a"]})
    values, body, errors = parse_front_matter(new)
    assert (values, errors) == ({"license": "mit", "tags": ["a"]}, [])
    assert body.strip() == text.rpartition("---\n")[2].strip()


@pytest.mark.parametrize("word", ["no", "1.0", "true", "a: b", "# x", "- y", "é", "'q'", '"', "@x", "2024-01-01", "~"])
def test_words_that_yaml_would_read_otherwise(word: str) -> None:
    values, _, _ = parse_front_matter(set_fields(CARD, {"license": word, "language": ["en", word]}))
    assert (values["license"], values["language"]) == (word, ["en", word])


@pytest.mark.parametrize(
    "text",
    [
        "---\n{license: mit}\n---\n",
        "---\n- a\n---\n",
        "---\nlicense: [\n---\n",
        "---\na: &x b\nlicense: *x\n<<: {q: 1}\n---\n",
    ],
)
def test_what_a_form_cannot_write_is_refused_or_right(text: str) -> None:
    try:
        new = set_fields(text, {"license": "apache-2.0"})
    except CardNotEditable:
        return
    before, after = (parse_front_matter(card)[0] for card in (text, new))
    assert after == {**before, "license": "apache-2.0"}


def test_many_changes_keep_all_the_rest() -> None:
    chance = random.Random(5)
    names = ["license", "language", "tags", "base_model", "new_field"]
    for _ in range(300):
        text = CARD
        for _ in range(4):
            name = chance.choice(names)
            values = chance.sample(["en", "fr", "de", "a b", "x/y"], chance.randrange(4))
            wanted: FieldValue = values if chance.random() < 0.7 else (values[0] if values else None)
            before: dict[str, Any] = parse_front_matter(text)[0]
            text = set_fields(text, {name: wanted})
            after, _, errors = parse_front_matter(text)
            assert not errors
            assert {k: v for k, v in after.items() if k != name} == {k: v for k, v in before.items() if k != name}
        assert "deep: [1, 2]   # of ours" in text
        assert text.endswith("# Title\n\nBody with --- in it.\n")
        assert "# who made it" in text
        assert "# at the end" in text


def test_metadata_that_take_long_are_edited_as_text() -> None:
    card = "---\n" + "".join(f"k{n}: v{n}\n" for n in range(60_000)) + "---\n# Title\n"
    started = time.process_time()
    with pytest.raises(CardNotEditable, match="as text"):
        set_fields(card, {"license": "mit", "library_name": "x"})
    assert time.process_time() - started < 3
