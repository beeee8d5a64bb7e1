"""Which `Auto` class of Transformers loads a model, and which one its inputs. Pure: what `derive` found in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pioche.protocols.card import texts


def auto_class(config: Mapping[str, Any]) -> str:
    """By the architectures that `config.json` names."""
    for architecture in texts(config.get("architectures")):
        for ending, auto in _AUTO.items():
            if architecture.endswith(ending):
                return auto
    return ""


def processor_of(auto: str) -> str:
    if "Image" in auto or "Object" in auto or "Depth" in auto:
        return "AutoImageProcessor" if "Text" not in auto else "AutoProcessor"
    return "AutoProcessor" if any(part in auto for part in ("Speech", "CTC", "Audio")) else "AutoTokenizer"


_AUTO = {
    "ForCausalLM": "AutoModelForCausalLM",
    "LMHeadModel": "AutoModelForCausalLM",
    "ForMaskedLM": "AutoModelForMaskedLM",
    "ForSequenceClassification": "AutoModelForSequenceClassification",
    "ForTokenClassification": "AutoModelForTokenClassification",
    "ForQuestionAnswering": "AutoModelForQuestionAnswering",
    "ForSpeechSeq2Seq": "AutoModelForSpeechSeq2Seq",
    "WhisperForConditionalGeneration": "AutoModelForSpeechSeq2Seq",
    "ForCTC": "AutoModelForCTC",
    "ForImageClassification": "AutoModelForImageClassification",
    "ForObjectDetection": "AutoModelForObjectDetection",
    "ForAudioClassification": "AutoModelForAudioClassification",
    "ForDepthEstimation": "AutoModelForDepthEstimation",
    "T5ForConditionalGeneration": "AutoModelForSeq2SeqLM",
    "BartForConditionalGeneration": "AutoModelForSeq2SeqLM",
    "MTModel": "AutoModelForSeq2SeqLM",
    "ForConditionalGeneration": "AutoModelForImageTextToText",
}
