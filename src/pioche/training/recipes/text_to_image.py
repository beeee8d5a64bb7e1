"""Pictures out of words: a small Stable Diffusion from scratch, or adapters (LoRA) on a pipeline of the hub.

From scratch there are two parts, one after the other: a network that packs pictures into few numbers and back
(autoencoder), and one that finds such numbers in noise, led by words.
"""

from __future__ import annotations

import csv
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from painting import LAST, PAINT_STEPS, SCHEDULE, Loop, averaged, denoising_error, device_of, kept_apart, mean_of, noisy
from peft import LoraConfig
from pictures import png_of, read_named_pictures
from running import Place, Problem, interval, run, tell
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

SIDE, PACKED = 32, 4  # pixels of a side, and how many of them become one
WORDS, WIDTH = 24, 96  # tokens of a prompt, and numbers of each
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
UNLED = 0.1  # share of steps without a prompt, so that prompts can be weighed
GUIDANCE, SHOWN = 4.0, 6
DRIFT = 1e-4  # how much packed numbers are held near zero


def train(place: Place) -> None:
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    device, called = device_of()
    side = SIDE if place.base is None else base_side(place.base)
    pixels, captions = read_captioned(place, side)
    apart, learned = kept_apart(len(pixels), seed)
    batch = min(int(place.number("batch_size", 32)), len(learned))
    passes = place.number("epochs", 30 if place.base is None else 5)
    steps = max(1, math.ceil(len(learned) / batch * passes))
    packing = 0 if place.base else max(1, steps // 2)
    tell("start", steps=packing + steps, step=0, device=called)
    pipeline = from_scratch(captions) if place.base is None else from_base(place.base)
    pipeline.to(device)

    def batch_of() -> list[int]:
        return [learned[at] for at in torch.randint(len(learned), (batch,)).tolist()]

    checking = Checking(pixels[apart], [captions[at] for at in apart], sorted(set(captions)), seed)
    metrics = {} if packing else {f"{name}_before": said for name, said in checking.figures(pipeline).items()}
    if packing:
        learn_packing(place, pipeline.vae, lambda: pixels[batch_of()].to(device), packing)
    packed = packed_of(pipeline.vae, pixels, batch)

    def packed_batch() -> tuple[Any, list[str]]:
        chosen = batch_of()
        return packed[chosen], [captions[at] for at in chosen]

    learn_painting(place, pipeline, packed_batch, (packing, steps, seed), checking.different)
    pipeline.save_pretrained(place.model)
    count = sum(one.numel() for one in pipeline.unet.parameters())
    metrics = {**checking.figures(pipeline), **metrics}
    tell("result", metrics=metrics, parameters=count, rows=len(pixels), captions=len(checking.different))


# -- data --


def read_captioned(place: Place, side: int) -> tuple[Any, list[str]]:
    """Pictures from -1 to 1, and what each shows: as `metadata.csv` says, or else as its folder is called."""
    said = read_captions(place.inputs / "data")
    found = read_named_pictures(place.inputs / "data", side)
    captions = [said.get(name) or Path(name).parent.name.replace("_", " ").replace("-", " ") for name, _ in found]
    rows = [(picture, caption) for (_, picture), caption in zip(found, captions, strict=True) if caption]
    if len(rows) < 20:
        raise Problem("At least 20 pictures with words are needed: a folder that says it, or a file metadata.csv.")
    pixels = torch.stack([torch.tensor(picture.transpose(2, 0, 1).copy()) for picture, _ in rows])
    return pixels.float() / 127.5 - 1, [caption for _, caption in rows]


def read_captions(folder: Path) -> dict[str, str]:
    """File name -> words, from `metadata.csv` or `metadata.jsonl` (columns `file_name` and `text`)."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("metadata.*")):
        text = path.read_text(encoding="utf-8-sig")
        rows = (
            list(csv.DictReader(text.splitlines()))
            if path.suffix == ".csv"
            else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
        for row in rows:
            name = (path.parent / str(row.get("file_name", ""))).relative_to(folder).as_posix()
            found[name] = str(row.get("text") or row.get("caption") or "").strip()
    return found


# -- networks --


def base_side(base: Path) -> int:
    unet = json.loads((base / "unet" / "config.json").read_text())
    vae = json.loads((base / "vae" / "config.json").read_text())
    side: int = unet["sample_size"] * 2 ** (len(vae["block_out_channels"]) - 1)
    return side


def from_base(base: Path) -> Any:
    pipeline = StableDiffusionPipeline.from_pretrained(base, use_safetensors=True, safety_checker=None)
    for part in (pipeline.vae, pipeline.text_encoder, pipeline.unet):
        part.requires_grad_(False)
    pipeline.unet.add_adapter(
        LoraConfig(r=8, lora_alpha=16, target_modules=["to_k", "to_q", "to_v", "to_out.0"], init_lora_weights=True)
    )
    return pipeline


def from_scratch(captions: list[str]) -> Any:
    tokenizer = words_of(captions)
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=WORDS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return StableDiffusionPipeline(
        vae=packer(),
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=painter(),
        scheduler=DDIMScheduler(**SCHEDULE, clip_sample=False, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def packer() -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        sample_size=SIDE,
        block_out_channels=(32, 48, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        norm_num_groups=16,
    )


def painter() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=SIDE // PACKED,
        in_channels=4,
        out_channels=4,
        cross_attention_dim=WIDTH,
        block_out_channels=(64, 128),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        attention_head_dim=8,
        norm_num_groups=16,
    )


def words_of(captions: list[str]) -> CLIPTokenizer:
    pieces = Tokenizer(BPE(end_of_word_suffix="</w>", unk_token=END))
    pieces.normalizer, pieces.pre_tokenizer = Lowercase(), Whitespace()
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789")
    trainer = BpeTrainer(
        vocab_size=2000, special_tokens=[BEGIN, END], end_of_word_suffix="</w>", initial_alphabet=letters
    )
    pieces.train_from_iterator([*captions, " ".join(letters)], trainer)
    said = json.loads(pieces.to_str())["model"]
    merges = [tuple(one) if isinstance(one, list) else tuple(one.split(" ")) for one in said["merges"]]
    return CLIPTokenizer(
        vocab=said["vocab"],
        merges=merges,
        bos_token=BEGIN,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=WORDS,
    )


# -- learning --


def learn_packing(place: Place, vae: Any, batch_of: Any, steps: int) -> None:
    def loss_of() -> Any:
        pixels = batch_of()
        packed = vae.encode(pixels).latent_dist
        again = vae.decode(packed.sample()).sample
        wrong = torch.nn.functional.mse_loss(again, pixels) + torch.nn.functional.l1_loss(again, pixels)
        return wrong + DRIFT * packed.kl().mean()

    for _ in Loop(place, "packing", vae.parameters(), 2e-3, steps).run(loss_of, {"model": vae}):
        pass
    vae.requires_grad_(False)
    with torch.no_grad():
        spread = vae.encode(torch.cat([batch_of() for _ in range(4)])).latent_dist.mean.std()
    vae.register_to_config(scaling_factor=1 / float(spread))


@torch.no_grad()
def packed_of(vae: Any, pixels: Any, batch: int) -> Any:
    """Of every picture, once, on the device of `vae`, which learns no more. The mean: what is drawn from around it is
    noise that nothing in the picture foretells.
    """
    parts = [vae.encode(part.to(vae.device)).latent_dist.mean for part in pixels.split(batch)]
    return torch.cat(parts) * vae.config.scaling_factor


def learn_painting(place: Place, pipeline: Any, batch_of: Any, plan: tuple[int, int, int], captions: list[str]) -> None:
    at, steps, seed = plan
    unet, text = pipeline.unet, pipeline.text_encoder
    learned = torch.nn.ModuleList([unet, text])
    noise = DDPMScheduler.from_config(pipeline.scheduler.config)
    average = None if place.base else averaged(learned)

    def loss_of() -> Any:
        clean, words = batch_of()
        led = [
            word if chance > UNLED else "" for word, chance in zip(words, torch.rand(len(words)).tolist(), strict=True)
        ]
        with_noise, times, right = noisy(noise, clean)
        said = unet(with_noise, times, text(ids_of(pipeline, led))[0]).sample
        return torch.nn.functional.mse_loss(said, right)

    rate = place.number("learning_rate", 1e-3 if average else 1e-4)
    weights = [one for one in learned.parameters() if one.requires_grad]
    parts = {"model": learned, "average": average} if average else {"model": learned}
    shown = captions[:: max(1, len(captions) // SHOWN)][:SHOWN]
    for step in Loop(place, LAST, iter(weights), rate, steps).run(loss_of, parts, at):
        if average:
            pipeline.unet, pipeline.text_encoder = average.module
        show(pipeline, step, seed, shown)
        pipeline.unet, pipeline.text_encoder = unet, text
    if average:
        pipeline.unet, pipeline.text_encoder = average.module
    else:
        unet.fuse_lora()
        unet.unload_lora()


# -- how good it is --


@dataclass(frozen=True)
class Checking:
    """Pictures that it does not learn from, their captions, and all captions that differ."""

    pixels: Any
    captions: list[str]
    different: list[str]
    seed: int

    def figures(self, pipeline: Any) -> dict[str, dict[str, float]]:
        """How well it sees through noise; and how often better with a picture's own words than with others."""
        chance, own, other = random.Random(self.seed), [], []  # noqa: S311
        for at, caption in enumerate(self.captions):
            strange = [one for one in self.different if one != caption]
            words = [caption, chance.choice(strange)] if strange else [caption]
            errors = word_errors(pipeline, self.pixels[at : at + 1].to(pipeline.device), words, self.seed + at)
            own.append(errors[0])
            other += errors[1:]
        found = {"denoising_error": mean_of(own)}
        if other:
            hits = sum(mine < theirs for mine, theirs in zip(own, other, strict=True))
            found["words_followed"] = interval(hits, len(own))
        return found


@torch.no_grad()
def word_errors(pipeline: Any, picture: Any, words: list[str], seed: int) -> list[float]:
    """Of a picture with each of the words, in the same noise."""
    noise = DDPMScheduler.from_config(pipeline.scheduler.config)
    clean = packed_of(pipeline.vae, picture, 1)
    read = pipeline.text_encoder(ids_of(pipeline, words))[0]

    def led_by(one: Any) -> Callable[[Any, Any], Any]:
        return lambda seen, times: pipeline.unet(seen, times, one.expand(len(times), -1, -1)).sample

    return [denoising_error(noise, clean, seed, led_by(one)) for one in read]


# -- what it shows --


def ids_of(pipeline: Any, words: list[str]) -> Any:
    most = pipeline.tokenizer.model_max_length
    said = pipeline.tokenizer(words, padding="max_length", truncation=True, max_length=most, return_tensors="pt")
    return said.input_ids.to(pipeline.device)


def show(pipeline: Any, step: int, seed: int, prompts: list[str]) -> None:
    pipeline.set_progress_bar_config(disable=True)
    chance = [torch.Generator().manual_seed(seed + at) for at in range(len(prompts))]
    with torch.no_grad():
        found = pipeline(prompts, num_inference_steps=PAINT_STEPS, guidance_scale=GUIDANCE, generator=chance).images
    for prompt, picture in zip(prompts, found, strict=True):
        tell("sample", step=step, prompt=prompt, png=png_of(picture))


if __name__ == "__main__":
    run(train)
