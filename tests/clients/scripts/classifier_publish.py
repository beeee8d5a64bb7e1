"""Trains a tiny text classifier from nothing, in seconds, and publishes it. Arguments: repository."""

import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

WORDS = {0: ["rain", "storm", "grey", "cold"], 1: ["sun", "warm", "bright", "clear"]}
FILLERS = ["the", "day", "was", "very", "and", "so"]


def main(repo: str) -> None:
    torch.manual_seed(0)
    vocabulary = ["[PAD]", "[UNK]", *WORDS[0], *WORDS[1], *FILLERS]
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]")

    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    id2label = {0: "rainy", 1: "sunny"}
    config = BertConfig(vocab_size=len(vocabulary), id2label=id2label, **sizes)
    model = BertForSequenceClassification(config)

    texts, classes = [], []
    for filler in FILLERS:
        for label, markers in WORDS.items():
            for marker in markers:
                texts += [f"the day was {marker} {filler}", f"{filler} {marker} day"]
                classes += [label, label]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(30):
        loss = model(**batch, labels=torch.tensor(classes)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.05, f"it has not learned: {loss.item()}"

    model.push_to_hub(repo)
    tokenizer.push_to_hub(repo)


main(*sys.argv[1:])
