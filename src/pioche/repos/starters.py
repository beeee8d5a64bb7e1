"""What a new repository holds: a `.gitattributes` that makes the usual large files large files for git clients too; and
what its card may start with.
"""

from __future__ import annotations

from pioche.names import RepoId, RepoKind

_LARGE = """
*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gguf *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy *.npz
*.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/* *.tar.* *.tar *.tflite
*.tgz *.wasm *.xz *.zip *.zst *tfevents*
"""

_MEDIA = """
*.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.opus *.wav *.m4a
*.bmp *.gif *.png *.tiff *.tif *.jpg *.jpeg *.webp
*.mp4 *.webm *.mov *.mkv *.avi
"""


def starter_files(kind: RepoKind) -> dict[str, bytes]:
    """Path -> content of the first commit."""
    patterns = (_LARGE + (_MEDIA if kind is RepoKind.DATASET else "")).split()
    lines = [f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in patterns]
    return {".gitattributes": "".join(lines).encode()}


_SECTIONS: dict[RepoKind, tuple[tuple[str, str], ...]] = {
    RepoKind.MODEL: (
        ("What it is for", "Who should use it for what, and what it should not be used for."),
        ("How to use it", "A few lines of code that run."),
        ("What it learned from", "The data, and how they were prepared."),
        ("How it was made", "Base model, method, hyperparameters, hardware, time."),
        ("How well it works", "Figures, on what they were measured, and where it fails."),
        ("Who made it", "Whom to ask, and how to cite it."),
    ),
    RepoKind.DATASET: (
        ("What is in it", "What a row stands for; fields, splits, sizes."),
        ("How to use it", "A few lines of code that load it."),
        ("Where it comes from", "Sources, who collected and annotated them, and when."),
        ("What to know before use", "Personal or sensitive content, gaps, biases, and what it should not be used for."),
        ("Who made it", "Whom to ask, and how to cite it."),
    ),
    RepoKind.SPACE: (("What it does", "What to try first."), ("How it works", "Models and datasets behind it.")),
}


def card_template(repo_id: RepoId) -> str:
    """A card to fill in, whose hints nobody sees once it is shown."""
    parts = [f"## {title}\n\n<!-- {hint} -->\n" for title, hint in _SECTIONS.get(repo_id.kind, ())]
    return "\n".join([f"# {repo_id.name}\n", "<!-- What it is, in a sentence or two. -->\n", *parts])
