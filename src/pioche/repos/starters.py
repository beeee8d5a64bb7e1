"""What a new repository holds: a `.gitattributes` that makes the usual large files large files for git clients too."""

from __future__ import annotations

from pioche.names import RepoKind

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
