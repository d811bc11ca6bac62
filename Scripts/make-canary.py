#!/usr/bin/env python3
"""Prints a canary of a model: a text and the vector that the reference implementation gives it, without a prompt.

    python3 -m venv .local/reference && .local/reference/bin/pip install -r Scripts/requirements.txt
    .local/reference/bin/python Scripts/make-canary.py MODEL_FOLDER > MODEL_FOLDER/canary.json

A run compares it with what it computes itself before it writes anything. Make it on a machine that you trust.

The canaries in Sources/SentenceEncoding/Canaries are built in. They carry the fingerprint of the model alone, which is
"model_fingerprint" in what `embedding-job model --json` prints:

    … Scripts/make-canary.py weights/NAME --fingerprint HEX > Sources/SentenceEncoding/Canaries/NAME.json
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from sentence_transformers import SentenceTransformer

TEXT = "Daily precipitation, sea ice extent and 3,214 bus stops: an open dataset of the Ville de Genève, 1961–2020."


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="the model's folder")
    parser.add_argument("--fingerprint", help="print the form that is built in, for the model of this fingerprint")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = SentenceTransformer(str(arguments.model), device="cpu", model_kwargs={"dtype": torch.float32})
    with torch.inference_mode():
        vector = model.encode([TEXT], prompt="", convert_to_numpy=True, show_progress_bar=False)[0]
    # The shortest decimal that gives back the very float32.
    canaries = [{"text": TEXT, "vector": [float(str(number)) for number in vector]}]
    content = {"fingerprint": arguments.fingerprint, "canaries": canaries} if arguments.fingerprint else canaries
    print(json.dumps(content, ensure_ascii=False))


if __name__ == "__main__":
    main()
