#!/usr/bin/env python3
"""Writes the encoder's golden fixtures with the reference implementation, sentence-transformers on PyTorch.

    python3 -m venv .local/reference && .local/reference/bin/pip install -r Scripts/requirements.txt
    Scripts/fetch-weights
    .local/reference/bin/python Scripts/make-goldens.py

The fixtures go to Tests/Support/Compute/Fixtures; MANIFEST.json there records what made them. All arrays are float32 and ids are
int64 unless said otherwise. Stages of several texts are packed: the rows of the first text, then those of the second, and so
on, without padding; `lengths` says where one ends.

    sentences.jsonl, sentences.safetensors   texts and their final vectors [texts, hidden]
    stages.safetensors                       every stage of three short texts with the real weights
    toy/                                     a two-layer model with random weights, and every stage of some id sequences
    activations.safetensors                  GELU and exp, computed in float64 and rounded once
"""

import argparse
import hashlib
import json
import math
import os
import platform
import random
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "Scripts/sample/datasets.jsonl"
FIXTURES = REPOSITORY / "Tests/Support/Compute/Fixtures"

# One of each kind that has gone wrong in some implementation of this model: nothing, almost nothing, other scripts, marks and
# symbols, characters that the normalizer drops, words without a piece, and texts at and past the limit of 256 tokens.
HARD_TEXTS = {
    "empty": "",
    "space": " ",
    "white space of several kinds": "\t\n\r \u00a0\u3000 ",
    "one letter": "a",
    "one word": "precipitation",
    "one full stop": ".",
    "one number": "3.14159",
    "upper case": "SEA SURFACE TEMPERATURE",
    "accents composed": "Évapotranspiration à l'échelle européenne, forêt, cœur",
    "accents decomposed": "E\u0301vapotranspiration a\u0300 l'e\u0301chelle",
    "sharp s and umlaut": "Straßenverkehr in Köln und Gießen",
    "Turkish dotted capital": "İstanbul İzmir ığdır",
    "final sigma": "ΣΊΣΥΦΟΣ ὀδυσσεύς",
    "Chinese": "中国降水数据集",
    "Japanese": "東京の気温とひらがなカタカナ",
    "Korean": "서울 대기질 측정 자료",
    "Arabic": "بيانات الأمطار اليومية",
    "Hindi": "भारत की जनगणना के आँकड़े",
    "Thai": "ข้อมูลอุณหภูมิ",
    "Hebrew": "נתוני תחבורה ציבורית",
    "Russian": "Данные о качестве воздуха",
    "emoji": "🌍🌡️ climate 🚲 data 👩‍🔬",
    "flags and skin tones": "🇫🇷 👍🏽 🏳️‍🌈",
    "special tokens spelled": "[CLS] a text that says [SEP] and [MASK] and [PAD] and [UNK]",
    "NUL inside": "before\u0000after",
    "control characters": "a\u0001b\u0007c\u007fd\u0085e",
    "replacement character": "broken \ufffd text",
    "zero width and byte order mark": "\ufeffzero\u200bwidth\u200djoiner\u00adhyphen",
    "mathematical letters": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ﬁne ½ ² №",
    "punctuation only": "!?.,;:-_()[]{}<>\"'`~@#$%^&*+=|\\/",
    "dashes and quotes": "“quoted” – dashed — text … ‘here’",
    "an address": "https://example.org/data/v1.2/file_name.csv?year=2021&format=csv",
    "a word of 100 letters": "ab" * 50,
    "a word of 101 letters": "ab" * 50 + "c",
    "words glued to digits": "co2 pm2.5 no2 h1n1 covid19 b2b 4k",
    "254 tokens and the two special ones": "data " * 254,
    "one token too many": "data " * 255,
    "far past the limit": "river " * 2000,
    "past the limit in pieces": "electroencephalographically " * 120,
}

STAGE_TEXTS = ["Sea ice", "Évapotranspiration: 3.5 mm/day!", "A table of tide gauge readings, hour by hour, since 1953."]


def input_text(record):
    """The job's text of a row: a missing description counts as an empty one."""
    title, description = record["title"], record["description"] or ""
    return f"{title} {title} {description}"


def sentence_texts():
    """The hard texts, then every second row of the sample and the awkward rows at its end."""
    texts = [(f"hard: {label}", text) for label, text in HARD_TEXTS.items()]
    with SAMPLE.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    rows = [(f"sample: {number}", input_text(record)) for number, record in enumerate(records, start=1)]
    return texts + rows[:-4:2] + rows[-4:]


def encode(model, texts, batch_size):
    with torch.inference_mode():
        vectors = model.encode(texts, batch_size=batch_size, convert_to_numpy=True, show_progress_bar=False)
    assert vectors.dtype == np.float32
    return vectors


def stages(bert, sequences):
    """Every stage of each sequence of ids, alone in its batch; packed in order."""
    packed = {}

    def append(name, value):
        packed.setdefault(name, []).append(value)

    for ids in sequences:
        row = torch.tensor([ids])
        with torch.inference_mode():
            output = bert(input_ids=row, attention_mask=torch.ones_like(row), output_hidden_states=True)
            hidden = [state[0] for state in output.hidden_states]
            pooled = hidden[-1].mean(dim=0, keepdim=True)
            normalized = torch.nn.functional.normalize(pooled, dim=1)
        append("input_ids", np.array(ids, dtype=np.int64))
        append("lengths", np.array([len(ids)], dtype=np.int64))
        append("embeddings", hidden[0].numpy())
        for layer, state in enumerate(hidden[1:]):
            append(f"layer.{layer}", state.numpy())
        append("pooled", pooled.numpy())
        append("normalized", normalized.numpy())
    return {name: np.ascontiguousarray(np.concatenate(values)) for name, values in packed.items()}


def token_ids(model, text):
    return model.tokenizer(text, truncation=True, max_length=model.max_seq_length)["input_ids"]


def write_toy(folder):
    """A BERT small enough to commit, with weights large enough that no stage is close to a constant."""
    torch.manual_seed(20_240_229)
    configuration = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, type_vocab_size=2, hidden_act="gelu", layer_norm_eps=1e-12, pad_token_id=0,
    )
    bert = BertModel(configuration, add_pooling_layer=False).eval()
    with torch.no_grad():
        for name, parameter in bert.named_parameters():
            if "LayerNorm.weight" in name:
                parameter.normal_(mean=1.0, std=0.3)
            elif name.endswith("bias"):
                parameter.normal_(std=0.2)
            elif "embeddings" in name:
                parameter.normal_(std=0.7)
            else:
                # Large enough that the softmax prefers some keys and GELU leaves its linear part, and no larger: a steep
                # softmax would magnify the rounding of another order of summation to the size of the tests' gate.
                parameter.normal_(std=1.5 / math.sqrt(parameter.shape[1]))

    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    tensors = {name: parameter.detach().numpy().copy() for name, parameter in bert.named_parameters()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    def write(name, content):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    keys = [
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings", "type_vocab_size", "hidden_act", "layer_norm_eps", "pad_token_id", "model_type",
        "initializer_range", "hidden_dropout_prob", "attention_probs_dropout_prob",
    ]
    write("config.json", {"architectures": ["BertModel"], **{key: getattr(configuration, key) for key in keys}})
    write("modules.json", [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ])
    write("1_Pooling/config.json", {
        "word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False,
    })
    write("sentence_bert_config.json", {"max_seq_length": 40, "do_lower_case": False})
    write("tokenizer_config.json", {
        "do_lower_case": True, "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
        "mask_token": "[MASK]", "tokenize_chinese_chars": True, "strip_accents": None, "tokenizer_class": "BertTokenizer",
        "model_max_length": 40,
    })
    words = ["the", "of", "and", "sea", "ice", "rain", "wind", "city", "bus", "gene"]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *"abcdefghij", *(f"##{letter}" for letter in "abcdefghij"),
              *"0123456789", "##s", "##ing", ".", ",", "-"]
    assert len(pieces) == len(set(pieces)) == configuration.vocab_size
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")

    choice = random.Random(7)
    sequences = [[2, *(choice.randrange(5, 50) for _ in range(length - 2)), 3] for length in (3, 4, 7, 16, 17, 33, 40)]
    save_file(stages(bert, sequences), folder / "expected.safetensors")


def write_activations(path):
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64).to(torch.float32)
    extremes = torch.tensor([0.0, -0.0, 1e-38, -1e-38, 1e-6, -1e-6, 30.0, -30.0, 1e4, -1e4, 3e38, -3e38])
    x = torch.cat([grid, extremes])
    wide = x.double()
    # By erfc, because 1 + erf(x) has no correct digit left in the negative tail; elsewhere the two are the same.
    gelu = 0.5 * wide * torch.special.erfc(-wide / math.sqrt(2))
    torch.testing.assert_close(gelu, torch.nn.functional.gelu(wide, approximate="none"), rtol=1e-14, atol=1e-14)
    exponents = torch.linspace(-90, 0, 4001, dtype=torch.float64).to(torch.float32)
    save_file({
        "gelu.x": x.numpy(),
        "gelu.y": gelu.to(torch.float32).numpy(),
        "exp.x": exponents.numpy(),
        "exp.y": torch.exp(exponents.double()).to(torch.float32).numpy(),
    }, path)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=REPOSITORY / "weights/all-MiniLM-L6-v2", help="the model's folder")
    arguments = parser.parse_args()

    FIXTURES.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    model = SentenceTransformer(str(arguments.model), device="cpu", model_kwargs={"dtype": torch.float32})
    bert = model[0].auto_model

    texts = sentence_texts()
    vectors = encode(model, [text for _, text in texts], batch_size=1)
    difference = np.abs(vectors - encode(model, [text for _, text in texts], batch_size=32)).max()
    print(f"{len(texts)} sentences; largest difference between batches of 1 and of 32: {difference:.3g}")
    if not difference < 1e-6:
        raise SystemExit("the reference does not agree with itself; no golden is worth keeping")
    save_file({"vectors": vectors}, FIXTURES / "sentences.safetensors")
    with (FIXTURES / "sentences.jsonl").open("w", encoding="utf-8") as lines:
        for label, text in texts:
            lines.write(json.dumps({"id": label, "text": text}, ensure_ascii=False) + "\n")

    sequences = [token_ids(model, text) for text in STAGE_TEXTS]
    assert sum(map(len, sequences)) <= 40
    real = stages(bert, sequences)
    # The stages are this script's own composition; their last one must be what the library itself returns.
    drift = np.abs(real["normalized"] - encode(model, STAGE_TEXTS, batch_size=1)).max()
    print(f"{sum(map(len, sequences))} tokens in stages; largest difference from the library's own vectors: {drift:.3g}")
    if not drift < 1e-7:
        raise SystemExit("the stages do not end in the library's own vectors")
    save_file(real, FIXTURES / "stages.safetensors")

    write_toy(FIXTURES / "toy")
    write_activations(FIXTURES / "activations.safetensors")

    written = ["sentences.jsonl", "sentences.safetensors", "stages.safetensors", "activations.safetensors"]
    written += sorted(str(path.relative_to(FIXTURES)) for path in (FIXTURES / "toy").rglob("*") if path.is_file())
    packages = ["numpy", "safetensors", "sentence-transformers", "tokenizers", "torch", "transformers"]
    for name in written:
        (FIXTURES / name).chmod(0o644)  # the writer of safetensors makes them private
    manifest = {
        "command": "python Scripts/make-goldens.py",
        "reference": {name: version(name) for name in packages} | {"python": platform.python_version()},
        "model": {
            "name": "all-MiniLM-L6-v2",
            "max_seq_length": model.max_seq_length,
            "sha256": sha256(arguments.model / "model.safetensors"),
        },
        "stage_texts": STAGE_TEXTS,
        "files": {name: sha256(FIXTURES / name) for name in written},
    }
    (FIXTURES / "MANIFEST.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
