"""Small models of pictures, tables and GGUF, made on the spot. Needs the libraries that write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pioche.testkit.models import card, tokenizer_of, words


def teller(folder: Path) -> Path:
    """Says a text about a picture: a vision transformer before a small language model, both untrained."""
    from transformers import (
        BertTokenizerFast,
        GPT2Config,
        GPT2LMHeadModel,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessor,
        ViTModel,
    )

    tokenizer_of(folder, BertTokenizerFast)
    sight = ViTConfig(
        image_size=16,
        patch_size=8,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    speech = GPT2Config(
        vocab_size=len(words()), n_embd=16, n_layer=1, n_head=2, n_positions=64, add_cross_attention=True
    )
    model = VisionEncoderDecoderModel(encoder=ViTModel(sight), decoder=GPT2LMHeadModel(speech))
    model.config.decoder_start_token_id = model.generation_config.decoder_start_token_id = 2
    model.config.pad_token_id = model.generation_config.pad_token_id = 0
    model.generation_config.eos_token_id = 3
    model.eval().save_pretrained(folder)
    ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(folder)
    card(folder, "image-to-text")
    return folder


def table(folder: Path, task: str) -> Path:
    """Trees over two columns, in the format of skops: which of two kinds it is, or twice its size."""
    import numpy
    import skops.io
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    sizes = numpy.linspace(0, 10, 60)
    rows = numpy.column_stack([sizes, numpy.cos(sizes)])
    regression = task == "tabular-regression"
    model = DecisionTreeRegressor(max_depth=8) if regression else DecisionTreeClassifier()
    model.fit(rows, sizes * 2 if regression else numpy.where(sizes > 5, "large", "small"))
    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model, folder / "model.skops")
    example = {"size": [1.0, 9.0], "wave": [0.5, -0.9]}
    said = {"columns": ["size", "wave"], "numeric_columns": ["size", "wave"], "example_input": example}
    (folder / "config.json").write_text(json.dumps({"sklearn": {**said, "model": {"file": "model.skops"}}}))
    card(folder, task, "library_name: sklearn\ntags: [sklearn, skops]\n")
    return folder


def squeezed_talker(folder: Path) -> Path:
    """A language model of one layer in GGUF, that says nonsense."""
    from gguf import GGUFWriter, TokenType

    folder.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(folder / "talker-F32.gguf", "llama")
    size, inner, heads = 32, 64, 2
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [f"▁{word}" for word in words()[5:30]]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL, *[TokenType.BYTE] * 256]
    kinds += [TokenType.NORMAL] * (len(tokens) - len(kinds))
    writer.add_context_length(512)
    writer.add_embedding_length(size)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(size // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:")
    _add_tensors(writer, len(tokens), size, inner)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    card(folder, "text-generation", "library_name: gguf\n")
    return folder


def _add_tensors(writer: Any, words_known: int, size: int, inner: int) -> None:
    import numpy

    chance = numpy.random.default_rng(5)
    shapes = {
        "token_embd.weight": (words_known, size),
        "output.weight": (words_known, size),
        "blk.0.attn_q.weight": (size, size),
        "blk.0.attn_k.weight": (size, size),
        "blk.0.attn_v.weight": (size, size),
        "blk.0.attn_output.weight": (size, size),
        "blk.0.ffn_gate.weight": (inner, size),
        "blk.0.ffn_up.weight": (inner, size),
        "blk.0.ffn_down.weight": (size, inner),
    }
    for name, shape in shapes.items():
        writer.add_tensor(name, chance.normal(0, 0.3, shape).astype(numpy.float32))
    for name in ("output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"):
        writer.add_tensor(name, numpy.ones(size, dtype=numpy.float32))
