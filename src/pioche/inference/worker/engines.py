"""Models by task, each with one way to ask: `run(task, inputs, parameters)` for many, or `stream` for one.

Shapes of inputs and results are those of the inference API of the stock client (`InferenceClient`).
"""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer, pipeline

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
MOST_TOKENS = 2048
SMALL_WEIGHTS = 48 * 1024 * 1024
"""Bytes of a model whose steps are so short that two threads gain nothing, and keep a processor from the hub."""
KINDS = {
    "text-classification": "AutoModelForSequenceClassification",
    "zero-shot-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "fill-mask": "AutoModelForMaskedLM",
    "image-classification": "AutoModelForImageClassification",
}


def whole(kind: Any, folder: Path, **options: Any) -> Any:
    """The model, if its files hold all its weights: with some that were made up it would answer by chance."""
    model, told = kind.from_pretrained(str(folder), output_loading_info=True, trust_remote_code=False, **options)
    if missing := sorted(told["missing_keys"]):
        raise ValueError(f"its files lack weights of what this task needs: {', '.join(missing[:3])}.")
    return model.to(DEVICE).eval()


def open_engine(folder: Path, task: str) -> Any:
    if is_small(folder):
        torch.set_num_threads(1)
    if task == "text-generation":
        return Generation(folder)
    if task in ("sentence-similarity", "feature-extraction"):
        return Embeddings(folder)
    if task == "text-to-image":
        return Images(folder)
    if task == "unconditional-image-generation":
        return Paintings(folder)
    if task == "image-to-text":
        return Captions(folder)
    if task in ("summarization", "translation", "text2text-generation"):
        return Rewriting(folder)
    if task == "question-answering":
        return Answers(folder)
    return Pipeline(folder, task)


def is_small(folder: Path) -> bool:
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors")) < SMALL_WEIGHTS


class Pipeline:
    """What `transformers.pipeline` answers as it is."""

    def __init__(self, folder: Path, task: str) -> None:
        extra: dict[str, Any] = {"aggregation_strategy": "simple"} if task == "token-classification" else {}
        part = "image_processor" if task.startswith("image-") else "tokenizer"
        model = whole(getattr(transformers, KINDS[task]), folder)
        self._pipe = pipeline(task, model=model, device=DEVICE, **{part: str(folder)}, **extra)

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        if task == "text-classification":
            top = parameters.get("top_k")
            found = self._pipe(inputs, top_k=top, batch_size=len(inputs), truncation=True)
            return [[_labels(one)] for one in found]
        if task == "token-classification":
            return [[_plain(entity) for entity in one] for one in self._pipe(inputs, batch_size=len(inputs))]
        if task == "fill-mask":
            top = parameters.get("top_k") or 5
            return [_plain(self._pipe(one, top_k=top)) for one in inputs]
        if task == "zero-shot-classification":
            labels = parameters["candidate_labels"]
            multi = bool(parameters.get("multi_label"))
            found = [self._pipe(one, candidate_labels=labels, multi_label=multi) for one in inputs]
            return [
                [
                    {"label": label, "score": float(score)}
                    for label, score in zip(one["labels"], one["scores"], strict=True)
                ]
                for one in found
            ]
        if task == "image-classification":
            pictures = [_picture(one) for one in inputs]
            return [_plain(one) for one in self._pipe(pictures, top_k=parameters.get("top_k") or 5)]
        raise ValueError(f"This model does not do {task}.")


class Answers:
    """Where in a text the answer to a question stands."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForQuestionAnswering

        self._tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self._model = whole(AutoModelForQuestionAnswering, folder)
        self._room = getattr(self._model.config, "max_position_embeddings", 512)

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        return [self._answer(one["question"], one["context"]) for one in inputs]

    def _answer(self, question: str, context: str) -> dict[str, Any]:
        """The likeliest span of the context, of those that are not longer than thirty tokens."""
        tokens = self._tokenizer(
            question,
            context,
            return_tensors="pt",
            return_offsets_mapping=True,
            truncation="only_second",
            max_length=min(self._room, 512),
        )
        places, whose = tokens.pop("offset_mapping")[0].tolist(), tokens.sequence_ids(0)
        with torch.inference_mode():
            said = self._model(**tokens.to(DEVICE))
        inside = torch.tensor([one == 1 for one in whose], device=DEVICE)
        first = said.start_logits[0].masked_fill(~inside, -1e9).softmax(0)
        last = said.end_logits[0].masked_fill(~inside, -1e9).softmax(0)
        scores = torch.triu(first[:, None] * last[None, :]).tril(29)
        best = int(scores.argmax())
        begin, end = divmod(best, scores.shape[1])
        start, stop = places[begin][0], places[end][1]
        return {"answer": context[start:stop], "score": float(scores.max()), "start": start, "end": stop}


class Embeddings:
    """Texts as vectors, by sentence-transformers where the model says how they are pooled, else by their mean."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(folder), device=DEVICE, trust_remote_code=False)

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        if task == "sentence-similarity":
            return [self._similar(one) for one in inputs]
        texts = [text for one in inputs for text in ([one] if isinstance(one, str) else one)]
        vectors = self._model.encode(texts, normalize_embeddings=bool(parameters.get("normalize", False)))
        found, at = [], 0
        for one in inputs:
            size = 1 if isinstance(one, str) else len(one)
            part = vectors[at : at + size].tolist()
            found.append(part[0] if isinstance(one, str) else part)
            at += size
        return found

    def _similar(self, one: dict[str, Any]) -> list[float]:
        source, *others = self._model.encode([one["source_sentence"], *one["sentences"]], normalize_embeddings=True)
        return [float(source @ other) for other in others]


class Generation:
    """A language model. A chat is `{"messages": [...]}`, anything else a text to go on with."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self._model = whole(AutoModelForCausalLM, folder, dtype=torch.float32)

    def streams(self, task: str) -> bool:
        return True

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        raise ValueError("It speaks as it goes.")

    def stream(self, task: str, inputs: Any, parameters: dict[str, Any], gone: threading.Event) -> Iterator[Any]:
        """Pieces of text as `{"text"}`, then `{"finish", "prompt_tokens", "tokens"}`."""
        prompt = self._prompt(inputs)
        tokens = self._tokenizer(prompt, return_tensors="pt", add_special_tokens=isinstance(inputs, str)).to(DEVICE)
        size = tokens["input_ids"].shape[1]
        room = getattr(self._model.config, "max_position_embeddings", None) or 4096
        if size >= room:
            raise ValueError(f"The text has {size} tokens, and this model reads {room} at most.")
        most = min(int(parameters.get("max_new_tokens") or 256), MOST_TOKENS, room - size)
        streamer = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
        settings = _sampling(parameters, most)
        if (seed := parameters.get("seed")) is not None:
            torch.manual_seed(int(seed))
        counted: list[int] = []
        halt = _Halt(gone, counted)
        thread = threading.Thread(target=self._generate, args=(tokens, streamer, settings, halt), daemon=True)
        thread.start()
        stops, said = [stop for stop in parameters.get("stop") or [] if stop], ""
        finish = "length"
        for piece in streamer:
            said += piece
            end = min((at for stop in stops if (at := said.find(stop)) >= 0), default=-1)
            if end >= 0:
                piece = piece[: max(0, len(piece) - (len(said) - end))]
                gone.set()
                finish = "stop"
            if piece:
                yield {"text": piece}
            if end >= 0:
                break
        thread.join()
        if halt.fault is not None:
            raise halt.fault
        if len(counted) < most:
            finish = "stop"
        yield {"finish": finish, "prompt_tokens": size, "tokens": len(counted)}

    def _generate(self, tokens: Any, streamer: Any, settings: dict[str, Any], halt: Any) -> None:
        try:
            with torch.inference_mode():
                self._model.generate(**tokens, streamer=streamer, stopping_criteria=[halt], **settings)
        except Exception as error:
            halt.fault = error
        finally:
            streamer.end()

    def _prompt(self, inputs: Any) -> str:
        if isinstance(inputs, str):
            return inputs
        messages = [{"role": one["role"], "content": _text(one.get("content"))} for one in inputs["messages"]]
        if self._tokenizer.chat_template is None:
            return "\n".join(f"{one['role']}: {one['content']}" for one in messages) + "\nassistant:"
        prompt = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return str(prompt)


class _Halt:
    """Ends a text when nobody listens any more, and counts its tokens."""

    def __init__(self, gone: threading.Event, counted: list[int]) -> None:
        self._gone = gone
        self._counted = counted
        self.fault: Exception | None = None

    def __call__(self, ids: Any, scores: Any, **more: Any) -> Any:
        self._counted.append(1)
        return torch.full((ids.shape[0],), self._gone.is_set(), dtype=torch.bool, device=ids.device)


class Rewriting:
    """A text into another: summaries and translations."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForSeq2SeqLM

        self._tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self._model = whole(AutoModelForSeq2SeqLM, folder)

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        most = min(int(parameters.get("max_new_tokens") or parameters.get("max_length") or 200), MOST_TOKENS)
        room = getattr(self._model.config, "max_position_embeddings", None) or MOST_TOKENS
        tokens = self._tokenizer(inputs, return_tensors="pt", padding=True, truncation=True, max_length=room)
        tokens = tokens.to(DEVICE)
        tokens.pop("token_type_ids", None)
        with torch.inference_mode():
            found = self._model.generate(**tokens, max_new_tokens=min(most, room - 1))
        key = {"summarization": "summary_text", "translation": "translation_text"}.get(task, "generated_text")
        return [[{key: text}] for text in self._tokenizer.batch_decode(found, skip_special_tokens=True)]


class Captions:
    """A text about a picture."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoImageProcessor, AutoModelForImageTextToText

        self._processor = AutoImageProcessor.from_pretrained(str(folder))
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self._model = whole(AutoModelForImageTextToText, folder)

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        most = min(int(parameters.get("max_new_tokens") or 50), MOST_TOKENS)
        pixels = self._processor([_picture(one) for one in inputs], return_tensors="pt").to(DEVICE)
        with torch.inference_mode():
            found = self._model.generate(**pixels, max_new_tokens=most)
        return [[{"generated_text": text}] for text in self._tokenizer.batch_decode(found, skip_special_tokens=True)]


class Images:
    """A picture for a text: PNG, in base64."""

    def __init__(self, folder: Path) -> None:
        from diffusers import AutoPipelineForText2Image

        self._pipe = AutoPipelineForText2Image.from_pretrained(str(folder), use_safetensors=True).to(DEVICE)
        self._pipe.set_progress_bar_config(disable=True)

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        names = ("num_inference_steps", "guidance_scale", "height", "width", "negative_prompt")
        settings = {name: parameters[name] for name in names if parameters.get(name) is not None}
        if (seed := parameters.get("seed")) is not None:
            settings["generator"] = torch.Generator(DEVICE).manual_seed(int(seed))
        return [_png(self._pipe(prompt, **settings).images[0]) for prompt in inputs]


class Paintings:
    """A picture out of nothing: PNG, in base64."""

    def __init__(self, folder: Path) -> None:
        from diffusers import DiffusionPipeline

        self._pipe = DiffusionPipeline.from_pretrained(str(folder), use_safetensors=True).to(DEVICE)
        self._pipe.set_progress_bar_config(disable=True)

    def streams(self, task: str) -> bool:
        return False

    def run(self, task: str, inputs: list[Any], parameters: dict[str, Any]) -> list[Any]:
        chance = torch.Generator("cpu").manual_seed(int(parameters.get("seed") or torch.seed() % 2**31))
        steps = min(int(parameters.get("num_inference_steps") or 50), 200)
        found = self._pipe(batch_size=len(inputs), num_inference_steps=steps, generator=chance).images
        return [_png(picture) for picture in found]


def _sampling(parameters: dict[str, Any], most: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"max_new_tokens": most}
    temperature = parameters.get("temperature")
    wanted = temperature is not None or parameters.get("top_p") is not None or parameters.get("do_sample")
    if wanted and (temperature is None or float(temperature) > 0):
        settings |= {"do_sample": True, "temperature": float(temperature or 1.0)}
        if parameters.get("top_p") is not None:
            settings["top_p"] = float(parameters["top_p"])
    else:
        settings |= {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    if parameters.get("repetition_penalty") is not None:
        settings["repetition_penalty"] = float(parameters["repetition_penalty"])
    return settings


def _text(content: Any) -> str:
    """Of a message: a text, or parts of which the texts are read."""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def _labels(found: Any) -> list[dict[str, Any]]:
    many = found if isinstance(found, list) else [found]
    return [{"label": one["label"], "score": float(one["score"])} for one in many]


def _plain(value: Any) -> Any:
    """Without the numbers of numpy, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.item() if hasattr(value, "item") else value


def _picture(text: str) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError("This is no picture that can be read.") from error


def _png(picture: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
