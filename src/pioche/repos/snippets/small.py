"""Snippets for libraries that load a model in a line or two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pioche.repos.snippets.types import Snippet, Subject, python, quoted


def _lines(key: str, title: str, install: str, lines: tuple[str, ...], subject: Subject) -> Snippet:
    """`NAME` in a line stands for the name as a string, `BARE` for the name within one."""
    named = [line.replace("NAME", quoted(subject.name)).replace("BARE", subject.name) for line in lines]
    return Snippet(key, title, python(subject, *named), install=f"pip install -U {install}")


def _simple(key: str, title: str, install: str, *lines: str) -> Callable[[Subject], Snippet]:
    return partial(_lines, key, title, install, lines)


def _sklearn(subject: Subject) -> Snippet:
    """A pickle runs code when it is loaded; skops asks first."""
    files = subject.files
    if ".skops" in files:
        lines = [
            "import skops.io",
            "from huggingface_hub import hf_hub_download",
            "",
            f"path = hf_hub_download({quoted(subject.name)}, {quoted(files['.skops'])})",
            "print(skops.io.get_untrusted_types(file=path))  # look at these before you trust them",
            "model = skops.io.load(path)",
        ]
        return Snippet("sklearn", "scikit-learn", python(subject, *lines), install="pip install -U scikit-learn skops")
    path = files.get(".joblib") or files.get(".pkl") or "model.joblib"
    lines = [
        "import joblib",
        "from huggingface_hub import hf_hub_download",
        "",
        f"model = joblib.load(hf_hub_download({quoted(subject.name)}, {quoted(path)}))",
        "print(model)",
    ]
    install = "pip install -U scikit-learn joblib huggingface_hub"
    return Snippet("sklearn", "scikit-learn", python(subject, *lines), "python", install, warning=True)


def _stable_baselines(subject: Subject) -> Snippet:
    lines = [
        "from huggingface_hub import hf_hub_download",
        "from stable_baselines3 import PPO",
        "",
        f"path = hf_hub_download({quoted(subject.name)}, {quoted(subject.files.get('.zip', 'model.zip'))})",
        "model = PPO.load(path)  # or the algorithm that the card names",
    ]
    install = "pip install -U stable-baselines3 huggingface_hub"
    return Snippet("stable-baselines3", "Stable-Baselines3", python(subject, *lines), "python", install, warning=True)


def _onnx(subject: Subject) -> Snippet:
    lines = [
        "import onnxruntime",
        "from huggingface_hub import hf_hub_download",
        "",
        f"path = hf_hub_download({quoted(subject.name)}, {quoted(subject.files.get('.onnx', 'model.onnx'))})",
        "session = onnxruntime.InferenceSession(path)",
        "print([one.name for one in session.get_inputs()])",
    ]
    return Snippet(
        "onnx", "ONNX Runtime", python(subject, *lines), install="pip install -U onnxruntime huggingface_hub"
    )


def _transformers_js(subject: Subject) -> Snippet:
    task = quoted(subject.repo.pipeline_tag or "feature-extraction")
    lines = [
        'import { env, pipeline } from "@huggingface/transformers";',
        "",
        f"env.remoteHost = {quoted(subject.endpoint)};",
        f"const pipe = await pipeline({task}, {quoted(subject.name)});",
    ]
    return Snippet(
        "transformers.js", "Transformers.js", "\n".join(lines), "javascript", "npm install @huggingface/transformers"
    )


SMALL: Mapping[str, Callable[[Subject], Snippet]] = {
    "adapters": _simple(
        "adapters",
        "Adapters",
        "adapters",
        "from adapters import AutoAdapterModel",
        "",
        'model = AutoAdapterModel.from_pretrained("OWNER/BASE-MODEL")  # the one that the card names',
        "model.load_adapter(NAME, set_active=True)",
    ),
    "bertopic": _simple(
        "bertopic", "BERTopic", "bertopic", "from bertopic import BERTopic", "", "model = BERTopic.load(NAME)"
    ),
    "fastai": _simple(
        "fastai",
        "fastai",
        "fastai huggingface_hub",
        "from huggingface_hub import from_pretrained_fastai",
        "",
        "learner = from_pretrained_fastai(NAME)",
    ),
    "flair": _simple(
        "flair", "Flair", "flair", "from flair.models import SequenceTagger", "", "tagger = SequenceTagger.load(NAME)"
    ),
    "keras": _simple(
        "keras", "Keras", "keras huggingface_hub", "import keras", "", 'model = keras.saving.load_model("hf://BARE")'
    ),
    "mlx": _simple(
        "mlx",
        "MLX",
        "mlx-lm",
        "from mlx_lm import generate, load",
        "",
        "model, tokenizer = load(NAME)",
        'print(generate(model, tokenizer, prompt="Once upon a time", max_tokens=50))',
    ),
    "onnx": _onnx,
    "open_clip": _simple(
        "open_clip",
        "OpenCLIP",
        "open_clip_torch",
        "import open_clip",
        "",
        'model, _, preprocess = open_clip.create_model_and_transforms("hf-hub:BARE")',
        'tokenizer = open_clip.get_tokenizer("hf-hub:BARE")',
    ),
    "setfit": _simple(
        "setfit",
        "SetFit",
        "setfit",
        "from setfit import SetFitModel",
        "",
        "model = SetFitModel.from_pretrained(NAME)",
        'print(model("The day was bright."))',
    ),
    "sklearn": _sklearn,
    "spacy": _simple(
        "spacy",
        "spaCy",
        "spacy huggingface_hub",
        "import spacy",
        "from huggingface_hub import snapshot_download",
        "",
        "pipeline = spacy.load(snapshot_download(NAME))",
        'print(pipeline("Ada lived in London.").ents)',
    ),
    "span-marker": _simple(
        "span-marker",
        "SpanMarker",
        "span_marker",
        "from span_marker import SpanMarkerModel",
        "",
        "model = SpanMarkerModel.from_pretrained(NAME)",
        'print(model.predict("Ada lived in London."))',
    ),
    "speechbrain": _simple(
        "speechbrain",
        "SpeechBrain",
        "speechbrain",
        "from speechbrain.inference import Pretrained",
        "",
        "model = Pretrained.from_hparams(NAME)  # or the class that the card names",
    ),
    "stable-baselines3": _stable_baselines,
    "timm": _simple(
        "timm", "timm", "timm", "import timm", "", 'model = timm.create_model("hf_hub:BARE", pretrained=True).eval()'
    ),
    "transformers.js": _transformers_js,
}
