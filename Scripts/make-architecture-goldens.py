#!/usr/bin/env python3
"""Writes small models of every architecture with random weights, and what the reference implementation makes of them.

    python3 -m venv .local/reference && .local/reference/bin/pip install -r Scripts/requirements.txt
    .local/reference/bin/python Scripts/make-architecture-goldens.py
    .local/reference/bin/python Scripts/make-architecture-goldens.py --full-size FOLDER

The first form writes to Tests/Support/Compute/Fixtures/architectures, with a MANIFEST.json of what made it. The second makes
models of the size of real ones, too large to commit; compare them by hand:

    for model in FOLDER/*/; do embedding-job encode --model "$model" --input "$model/texts.jsonl" --output "$model/got.npy"; done
    .local/reference/bin/python Scripts/make-architecture-goldens.py --compare FOLDER

Each model is a folder as sentence-transformers saves them, and beside it

    texts.jsonl            texts of its vocabulary, some beyond its length limit
    expected.safetensors   input_ids and lengths of the texts as the reference tokenizes them, every stage of each text alone
                           (packed: the rows of the first text, then those of the second, and so on), the result of each
                           pooling, and `vectors`, the library's own
    activations.safetensors, for all: the tanh form of GELU, computed in float64 and rounded once
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
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

REPOSITORY = Path(__file__).resolve().parent.parent
FIXTURES = REPOSITORY / "Tests/Support/Compute/Fixtures/architectures"
POOLINGS = ["cls", "max", "mean", "mean_sqrt_len_tokens"]

WORDS = ["the", "of", "sea", "ice", "rain", "wind", "city", "bus", "gene", *"abcdefghij",
         *(f"##{letter}" for letter in "abcdefghij"), *"0123456789", "##s", "##ing", ".", ",", "-", "é", "ß"]
BERT_TOKENS = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
MPNET_TOKENS = {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "[UNK]", "mask": "<mask>"}

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64}
LARGE = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 1536}

# What differs from model to model: between them they have every architecture, activation, pooling and special setting.
MODELS = {
    "bert-cls": dict(
        config=dict(**SMALL, num_attention_heads=4, hidden_act="gelu_new", max_position_embeddings=100),
        pooling="cls", normalizes=True, limit=100, prefix="bert."),
    "bert-max": dict(
        config=dict(**SMALL, num_attention_heads=2, hidden_act="relu", max_position_embeddings=48, layer_norm_eps=1e-5),
        pooling="max", normalizes=False, limit=40, old_pooling_form=True, lowercases_in_front=True),
    "mpnet": dict(
        config=dict(**SMALL, num_attention_heads=4, hidden_act="gelu", max_position_embeddings=152, layer_norm_eps=1e-5),
        pooling="mean", normalizes=True, limit=140, mpnet=True, token_objects=True),
}
FULL_SIZE = {
    "mpnet-base-shape": dict(
        config=dict(hidden_act="gelu", max_position_embeddings=514, layer_norm_eps=1e-5),
        vocabulary=30527, pooling="mean", normalizes=True, limit=384, mpnet=True),
    "bge-small-shape": dict(
        config=dict(**LARGE, hidden_act="gelu", max_position_embeddings=512), vocabulary=30522, pooling="cls",
        normalizes=True, limit=512),
    "gte-small-shape": dict(
        config=dict(**LARGE, hidden_act="gelu_new", max_position_embeddings=512), vocabulary=30522, pooling="mean",
        normalizes=True, limit=512, prefix="bert."),
}


def pieces(model):
    """The vocabulary: special tokens where the architecture has them, words, and fillers up to the size asked for."""
    if model.get("mpnet"):
        tokens = ["<s>", "<pad>", "</s>", "<unk>", *WORDS, "[UNK]", "<mask>"]
    else:
        tokens = [*BERT_TOKENS.values(), *WORDS]
    return tokens + [f"word{number}" for number in range(model.get("vocabulary", 0) - len(tokens))]


def texts(model):
    """Texts of all lengths up to the limit and beyond, some with accents, unknown words and spelled special tokens."""
    choice = random.Random(11)
    words = [word for word in pieces(model) if word.isalnum()]
    tokens = MPNET_TOKENS if model.get("mpnet") else BERT_TOKENS
    limit = model["limit"]
    lengths = [1, 2, 5, 14, 15, 31, limit - 2, limit + 40]
    result = ["", *(" ".join(choice.choice(words) for _ in range(length)) for length in lengths)]
    result += [f"Sea {tokens['pad']} ice {tokens['sep']} {tokens['mask']}rain {tokens['unk']}", "SEAS, É ß Édith: raining!"]
    return result


def randomize(transformer):
    """Weights with which no stage is close to a constant, and none magnifies rounding to the size of the tests' gate."""
    torch.manual_seed(20_240_229)
    with torch.no_grad():
        for name, parameter in transformer.named_parameters():
            if "LayerNorm.weight" in name:
                parameter.normal_(mean=1.0, std=0.3)
            elif name.endswith("bias"):
                parameter.normal_(std=0.2)
            elif "relative_attention_bias" in name:
                parameter.normal_(std=1.5)
            elif "embeddings" in name:
                # Every row counts, that of the padding token too, which the library sets to zero.
                parameter.normal_(std=0.7)
            else:
                parameter.normal_(std=1.5 / math.sqrt(parameter.shape[1]))


def write_model(folder, model):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    vocabulary = pieces(model)
    is_mpnet = model.get("mpnet", False)
    configuration_class, model_class = (MPNetConfig, MPNetModel) if is_mpnet else (BertConfig, BertModel)
    configuration = configuration_class(vocab_size=len(vocabulary), **model["config"])
    transformer = model_class(configuration, add_pooling_layer=False).eval()
    randomize(transformer)
    tensors = {name: parameter.detach().numpy().copy() for name, parameter in transformer.named_parameters()}
    prefix = model.get("prefix", "")
    save_file({prefix + name: value for name, value in tensors.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})

    def write(name, content):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    keys = ["vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
            "max_position_embeddings", "layer_norm_eps", "pad_token_id", "model_type"]
    keys += ["relative_attention_num_buckets"] if is_mpnet else ["type_vocab_size"]
    write("config.json", {"architectures": [model_class.__name__], **{key: getattr(configuration, key) for key in keys}})
    modules = ["Transformer", "Pooling"] + ["Normalize"] * model["normalizes"]
    write("modules.json", [
        {"idx": index, "name": str(index), "path": "" if index == 0 else f"{index}_{name}",
         "type": f"sentence_transformers.models.{name}"} for index, name in enumerate(modules)])
    if model.get("old_pooling_form"):
        flags = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "mean_sqrt_len_tokens": "mean_sqrt_len_tokens"}
        write("1_Pooling/config.json", {
            "word_embedding_dimension": configuration.hidden_size,
            **{f"pooling_mode_{flags[name]}": name == model["pooling"] for name in POOLINGS}})
    else:
        write("1_Pooling/config.json", {
            "embedding_dimension": configuration.hidden_size, "pooling_mode": model["pooling"], "include_prompt": True})
    lowercases = model.get("lowercases_in_front", False)
    write("sentence_bert_config.json", {"max_seq_length": model["limit"], "do_lower_case": lowercases})

    def spelled(content):
        is_object = model.get("token_objects", False)
        return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                "__type": "AddedToken"} if is_object else content

    tokens = MPNET_TOKENS if is_mpnet else BERT_TOKENS
    write("tokenizer_config.json", {
        "do_lower_case": not lowercases, **{f"{role}_token": spelled(token) for role, token in tokens.items()},
        "tokenizer_class": "MPNetTokenizer" if is_mpnet else "BertTokenizer", "model_max_length": 512})
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")


def write_expected(folder, model):
    reference = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    inputs = texts(model)
    with (folder / "texts.jsonl").open("w", encoding="utf-8") as lines:
        for text in inputs:
            lines.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    hidden_size = reference[0].auto_model.config.hidden_size
    packed = {}

    def append(name, value):
        packed.setdefault(name, []).append(np.asarray(value))

    with torch.inference_mode():
        for text in inputs:
            ids = reference.tokenizer(text, truncation=True, max_length=reference.max_seq_length)["input_ids"]
            row = torch.tensor([ids])
            mask = torch.ones_like(row)
            hidden = reference[0].auto_model(
                input_ids=row, attention_mask=mask, output_hidden_states=True).hidden_states
            append("input_ids", np.array(ids, dtype=np.int64))
            append("lengths", np.array([len(ids)], dtype=np.int64))
            for layer, state in enumerate(hidden):
                append(f"layer.{layer - 1}" if layer else "embeddings", state[0].numpy())
            for name in POOLINGS:
                pooling = Pooling(hidden_size, pooling_mode=name)
                pooled = pooling({"token_embeddings": hidden[-1], "attention_mask": mask})["sentence_embedding"]
                append(f"pooled.{name}", pooled.numpy())
                if name == model["pooling"]:
                    append("pooled", pooled.numpy())
                    append("normalized", torch.nn.functional.normalize(pooled, dim=1).numpy())
        vectors = reference.encode(inputs, batch_size=1, convert_to_numpy=True, show_progress_bar=False)
    stages = {name: np.ascontiguousarray(np.concatenate(values)) for name, values in packed.items()}
    # The stages are this script's own composition; their last one must be what the library itself returns.
    drift = np.abs(stages["normalized" if model["normalizes"] else "pooled"] - vectors).max()
    if not drift < 1e-6:
        raise SystemExit(f"{folder.name}: the stages do not end in the library's own vectors, but {drift:.3g} away")
    spread = np.abs(vectors - vectors.mean(axis=0)).max(axis=1).min()
    print(f"{folder.name}: {len(inputs)} texts of {stages['lengths'].tolist()} tokens, drift {drift:.3g}, spread {spread:.3g}")
    save_file({**stages, "vectors": vectors}, folder / "expected.safetensors")


def write_activations(path):
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64).to(torch.float32)
    extremes = torch.tensor([0.0, -0.0, 1e-38, -1e-38, 1e-6, -1e-6, 30.0, -30.0, 1e4, -1e4, 3e37, -3e37])
    x = torch.cat([grid, extremes])
    y = torch.nn.functional.gelu(x.double(), approximate="tanh").to(torch.float32)
    save_file({"gelu_new.x": x.numpy(), "gelu_new.y": y.numpy()}, path)


def compare(folder):
    """Prints how far what the job wrote to got.npy is from the library's vectors."""
    for path in sorted(folder.iterdir()):
        expected = load_file(path / "expected.safetensors")["vectors"]
        got = np.load(path / "got.npy")
        scale = np.abs(expected).max()
        print(f"{path.name}: {expected.shape}, largest difference {np.abs(got - expected).max():.3g}, largest value {scale:.3g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full-size", type=Path, metavar="FOLDER", help="write models of real size to this folder")
    parser.add_argument("--compare", type=Path, metavar="FOLDER", help="compare got.npy of each model in this folder")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.compare:
        compare(arguments.compare)
        return
    target, models = (arguments.full_size, FULL_SIZE) if arguments.full_size else (FIXTURES, MODELS)
    for name, model in models.items():
        write_model(target / name, model)
        write_expected(target / name, model)
    if arguments.full_size:
        return
    write_activations(FIXTURES / "activations.safetensors")
    written = sorted(path for path in FIXTURES.rglob("*") if path.is_file() and path.name != "MANIFEST.json")
    for path in written:
        path.chmod(0o644)  # the writer of safetensors makes them private
    packages = ["numpy", "safetensors", "sentence-transformers", "tokenizers", "torch", "transformers"]
    manifest = {
        "command": "python Scripts/make-architecture-goldens.py",
        "reference": {name: version(name) for name in packages} | {"python": platform.python_version()},
        "files": {str(path.relative_to(FIXTURES)): hashlib.sha256(path.read_bytes()).hexdigest() for path in written},
    }
    (FIXTURES / "MANIFEST.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
