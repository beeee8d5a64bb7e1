"""Loads a published classifier and prints the label of each text. Arguments: repository, texts."""

import sys

from transformers import pipeline

classify = pipeline("text-classification", model=sys.argv[1])
for text in sys.argv[2:]:
    print(classify(text)[0]["label"])
