"""Small models made on the spot, in the formats that the libraries of the field load. Needs those libraries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "good",
    "great",
    "fine",
    "happy",
    "love",
    "bad",
    "awful",
    "sad",
    "hate",
    "poor",
    "the",
    "a",
    "is",
    "was",
    "it",
    "i",
    "you",
    "this",
    "that",
    "film",
    "day",
    "book",
    "train",
    "london",
    "lyon",
    "ada",
    "lives",
    "in",
    "what",
    "who",
    "where",
]


def classifier(folder: Path, width: int = 32, layers: int = 1) -> Path:
    """Tells texts with good words from texts with bad ones: trained for a moment, and always right about them."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    tokenizer = tokenizer_of(folder, BertTokenizerFast)
    config = _config(BertConfig, width, layers)
    config.id2label, config.label2id = {0: "bad", 1: "good"}, {"bad": 0, "good": 1}
    torch.manual_seed(0)
    model = BertForSequenceClassification(config)
    ways = ("the film is {}", "i was {} this day", "{} it", "i {} this film", "it was {}")
    texts = [way.format(word) for way in ways for word in WORDS[5:15]]
    labels = torch.tensor(([1] * 5 + [0] * 5) * len(ways))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3 if layers == 1 else 5e-4)
    for _ in range(60):
        loss = model(**tokenizer(texts, return_tensors="pt", padding=True), labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval().save_pretrained(folder)
    card(folder, "text-classification", "widget:\n- text: the film is great\n")
    return folder


def of_task(folder: Path, task: str) -> Path:
    """An untrained model of a task, which answers in the right shape."""
    import transformers

    names = {
        "token-classification": "BertForTokenClassification",
        "fill-mask": "BertForMaskedLM",
        "question-answering": "BertForQuestionAnswering",
        "zero-shot-classification": "BertForSequenceClassification",
    }
    tokenizer_of(folder, transformers.BertTokenizerFast)
    config = _config(transformers.BertConfig)
    if task == "zero-shot-classification":
        config.id2label = {0: "contradiction", 1: "neutral", 2: "entailment"}
        config.label2id = {name: number for number, name in config.id2label.items()}
    getattr(transformers, names[task])(config).eval().save_pretrained(folder)
    card(folder, task)
    return folder


def talker(folder: Path) -> Path:
    """A language model of one layer that says nonsense, with a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    raw.train_from_iterator([" ".join(WORDS[5:])] * 4, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = "{% for m in messages %}<s>{{ m.role }}: {{ m.content }}\n{% endfor %}<s>assistant:"
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
    )
    torch.manual_seed(1)
    LlamaForCausalLM(config).eval().save_pretrained(folder)
    card(folder, "text-generation")
    return folder


def embedder(folder: Path) -> Path:
    """Sentences as vectors of 32 numbers, by sentence-transformers' own files."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    tokenizer_of(folder, BertTokenizerFast)
    BertModel(_config(BertConfig)).eval().save_pretrained(folder)
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    card(folder, "sentence-similarity", "library_name: sentence-transformers\n")
    return folder


def seer(folder: Path) -> Path:
    """Looks at pictures, untrained, and says one of two words."""
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    config = ViTConfig(
        image_size=32,
        patch_size=8,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        id2label={0: "day", 1: "night"},
        label2id={"day": 0, "night": 1},
    )
    ViTForImageClassification(config).eval().save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    card(folder, "image-classification")
    return folder


def painter(folder: Path) -> Path:
    """Paints noise of 16 by 16 points from words, in the format of Stable Diffusion."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    letters = [letter + end for letter in "abcdefghijklmnopqrstuvwxyz" for end in ("", "</w>")]
    vocab = {piece: number for number, piece in enumerate([*letters, "<|startoftext|>", "<|endoftext|>"])}
    text = CLIPTextConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=len(letters),
        eos_token_id=len(letters) + 1,
        pad_token_id=len(letters) + 1,
    )
    small = {"block_out_channels": (32,), "layers_per_block": 1, "norm_num_groups": 8}
    StableDiffusionPipeline(
        vae=AutoencoderKL(sample_size=16, latent_channels=4, **small),
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer(vocab=vocab, merges=[], model_max_length=16),
        unet=UNet2DConditionModel(
            sample_size=16,
            cross_attention_dim=32,
            attention_head_dim=8,
            down_block_types=("CrossAttnDownBlock2D",),
            up_block_types=("CrossAttnUpBlock2D",),
            **small,
        ),
        scheduler=DDIMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    card(folder, "text-to-image", "library_name: diffusers\nwidget:\n- text: a red circle\n- text: a blue square\n")
    return folder


def rewriter(folder: Path, task: str) -> Path:
    """An untrained model that makes one text of another."""
    from transformers import BartConfig, BartForConditionalGeneration, BertTokenizerFast

    tokenizer_of(folder, BertTokenizerFast)
    config = BartConfig(
        vocab_size=len(WORDS),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        decoder_start_token_id=2,
        forced_eos_token_id=None,
    )
    BartForConditionalGeneration(config).eval().save_pretrained(folder)
    card(folder, task)
    return folder


def card(folder: Path, task: str, more: str = "") -> None:
    (folder / "README.md").write_text(f"---\nlicense: mit\npipeline_tag: {task}\n{more}---\n# A model for {task}\n")


def tokenizer_of(folder: Path, kind: Any) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words()) + "\n")
    tokenizer = kind(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    return tokenizer


def words() -> Sequence[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [*WORDS, *(letter for letter in letters if letter not in WORDS), *(f"##{letter}" for letter in letters)]


def _config(kind: Any, width: int = 32, layers: int = 1) -> Any:
    return kind(
        vocab_size=len(words()),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * width,
        max_position_embeddings=128,
    )
