#!/usr/bin/env python3
"""Writes a small model folder, variants of its files, and what the reference implementation makes of each.

    python3 -m venv .local/reference && .local/reference/bin/pip install -r Scripts/requirements.txt
    .local/reference/bin/python Scripts/make-folder-goldens.py

The fixtures go to Tests/Support/Compute/Fixtures/folders; MANIFEST.json there records what made them.

    base/            a BERT of one layer with random weights, as sentence-transformers saves it today
    weights/         the same weights written in other ways, and others
    variants.jsonl   a line a variant: its name, the files that are written over those of the base (null removes one), the
                     weights that are copied over them, and texts with their ids and, for some, vectors
"""

import hashlib
import json
import os
import platform
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from transformers import BertConfig, BertModel, BertTokenizer

FIXTURES = Path(__file__).resolve().parent.parent / "Tests/Support/Compute/Fixtures/folders"
PACKAGES = ["numpy", "safetensors", "sentence-transformers", "tokenizers", "torch", "transformers"]

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["sea", "ice", "rain", "river", "the", "of", "é", "海", "水", "<unk>", "<s>", "</s>", "<pad>", "<mask>"]
PIECES = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"), *"[]<>_-/."]
# Ten rows more than tokens, for those that are registered without standing in the vocabulary.
TOKENS = [*SPECIAL, *WORDS, *PIECES]
ROWS, HIDDEN, POSITIONS = len(TOKENS) + 10, 32, 64

TEXTS = [
    "sea ice", "The RIVER of rain", "asea seaice sea_ice", "[mask] [MASK] <MASK> <mask>", "a b c d e f g h i j k l m n",
    "É é e\u0301 \u00a0 rivers", "海水 海 the海", "<unk> <s>a</s> <UNK>", "[NEW] x[new]y riverbed", "sea-ice, sea. (ice)", "",
]


def token(content, **flags):
    defaults = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"content": content, **defaults, **flags}


def write_base(folder):
    torch.manual_seed(20_261_126)
    config = BertConfig(
        vocab_size=ROWS, hidden_size=HIDDEN, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=POSITIONS)
    model = BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "LayerNorm.weight" in name:
                parameter.normal_(mean=1.0, std=0.3)
            elif "embeddings" in name:
                parameter.normal_(std=0.7)
            else:
                parameter.normal_(std=0.25)
    with tempfile.TemporaryDirectory() as name:
        source = Path(name)
        model.save_pretrained(source)
        (source / "vocab.txt").write_text("\n".join(TOKENS) + "\n", encoding="utf-8")
        BertTokenizer.from_pretrained(source).save_pretrained(source)
        transformer = Transformer(str(source))
        SentenceTransformer(modules=[transformer, Pooling(HIDDEN), Normalize()], device="cpu").save(
            str(folder), create_model_card=False)
    # Where the files lay is nobody's business, and another time is another place.
    path = folder / "tokenizer_config.json"
    settings = {key: value for key, value in json.loads(path.read_text()).items() if key != "name_or_path"}
    path.write_text(json.dumps(settings, indent=1) + "\n")
    assert not (folder / "vocab.txt").exists()


def write_weights(folder, base):
    weights = load_file(base / "model.safetensors")

    def save(name, tensors):
        save_file(tensors, folder / name, metadata={"format": "pt"})

    early = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    save("gamma-beta.safetensors", {
        next((key[: -len(new)] + old for new, old in early.items() if key.endswith(new)), key): value
        for key, value in weights.items()})
    # Scores of some 10⁹, whose rounding alone is more than e to its power can be.
    steep = ("query.weight", "key.weight")
    save("steep.safetensors", {
        key: value * np.float32(5e4) if key.endswith(steep) else value for key, value in weights.items()})
    names = sorted(weights)
    halves = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, keys in halves.items():
        save(file, {key: weights[key] for key in keys})
    return {"metadata": {"total_size": sum(value.nbytes for value in weights.values())},
            "weight_map": {key: file for file, keys in halves.items() for key in keys}}


class Variants:
    """Collects variants: keyword arguments of `add` replace keys of a file; `raw` writes a text, None removes a file."""

    def __init__(self, base):
        self.base, self.all = base, []

    def json(self, file):
        return json.loads((self.base / file).read_text())

    def add(self, name, files=None, *, weights=None, texts=TEXTS, **changed):
        files = dict(files or {})
        for short, keys in changed.items():
            file = {"config": "config.json", "tokenizer": "tokenizer.json", "settings": "tokenizer_config.json",
                    "sentences": "sentence_bert_config.json", "library": "config_sentence_transformers.json"}[short]
            content = self.json(file) | keys
            files[file] = {key: value for key, value in content.items() if value != "absent"}
        files = {file: content if content is None or isinstance(content, str)
                 else json.dumps(content, ensure_ascii=False, separators=(",", ":")) for file, content in files.items()}
        self.all.append({"name": name, "files": files, "weights": weights or {}, "texts": texts})


def vocabulary(end="\n"):
    return "".join(entry + end for entry in TOKENS)


def collect(base, index):
    variants = Variants(base)
    add, tokenizer = variants.add, variants.json("tokenizer.json")
    registered = tokenizer["added_tokens"]
    number = {entry: id for id, entry in enumerate(TOKENS)}

    def more(*tokens):
        """The registered tokens and more, those outside the vocabulary with the next ids."""
        content, following = list(registered), len(TOKENS)
        for entry in tokens:
            known = number.get(entry["content"])
            content.append({"id": following if known is None else known, **entry})
            following += known is None
        return {"added_tokens": content}

    def without(file, *keys):
        return {key: value for key, value in variants.json(file).items() if key not in keys}

    add("as saved today")
    # Vocabularies.
    old = {"tokenizer.json": None}
    add("vocab.txt alone", old | {"vocab.txt": vocabulary()})
    add("vocab.txt with blank lines at its end", old | {"vocab.txt": vocabulary() + "\n\n"})
    add("vocab.txt with carriage returns and blanks", old | {"vocab.txt": vocabulary(" \r\n")})
    add("vocab.txt and another tokenizer.json", {"vocab.txt": "\n".join(reversed(TOKENS)) + "\n"})
    # Tokens in tokenizer.json.
    add("token inside words", tokenizer=more(token("sea", special=False)))
    add("single word", tokenizer=more(token("sea", single_word=True), token("ice", single_word=True, special=False)))
    add("normalized", tokenizer=more(token("[NEW]", normalized=True, special=False)))
    add("normalized single word", tokenizer=more(
        token("SEA", normalized=True, single_word=True, special=False), token("É", normalized=True, special=False)))
    add("Chinese", tokenizer=more(token("海水", normalized=True, special=False), token("水")))
    add("blanks stripped", tokenizer=more(token("ice", lstrip=True, rstrip=True), token("rain", rstrip=True, normalized=True)))
    add("longest of three", tokenizer=more(token("sea"), token("sea_"), token("sea_ice")))
    add("usual tokens normalized", tokenizer={
        "added_tokens": [entry | {"normalized": True} for entry in registered]})
    add("usual tokens not registered", tokenizer={"added_tokens": []})
    # Tokens in the other files.
    names = {"added_tokens_decoder": {str(number[entry]): token(entry) for entry in SPECIAL}}
    add("decoder", settings={"added_tokens_decoder": names["added_tokens_decoder"] | {
        str(number["<unk>"]): token("<unk>", normalized=True), "200": token("[NEW]")}})
    add("decoder instead of tokenizer.json", tokenizer=more(token("sea")), settings=names)
    add("roles", settings={"eos_token": "sea", "bos_token": {"__type": "AddedToken", **token("ice", single_word=True)}})
    add("role of the model's own", settings={"river_token": "river"})
    add("further tokens", settings={"extra_special_tokens": ["sea", {"__type": "AddedToken", **token("ice", normalized=True)}]})
    add("further tokens by name", settings={"extra_special_tokens": {"first": "sea", "second": "river"}})
    add("additional tokens", settings={"additional_special_tokens": ["sea", "[NEW]"]})
    add("no mask", old | {"vocab.txt": vocabulary()}, settings={"mask_token": None})
    add("map", {"special_tokens_map.json": {"additional_special_tokens": ["sea"], "mask_token": "<mask>"}})
    add("map with flags", {"special_tokens_map.json": {
        "mask_token": {key: value for key, value in token("<mask>", lstrip=True).items() if key != "special"}}})
    add("map behind a decoder", {"special_tokens_map.json": {"additional_special_tokens": ["sea"]}}, settings=names)
    add("added tokens", {"added_tokens.json": {"sea": number["sea"], "[NEW]": len(TOKENS)}})
    add("other unknown token", settings={"unk_token": "<unk>"})
    add("other tokens around", settings={"cls_token": "<s>", "sep_token": "</s>"})
    add("special tokens split", settings={"split_special_tokens": True})
    # Classes and normalization.
    mpnet = {"tokenizer_class": "MPNetTokenizer", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>",
             "mask_token": "<mask>"}
    add("MPNet tokenizer", {"vocab.txt": vocabulary()} | old, settings=mpnet)
    cased = {"do_lower_case": False}
    add("cased", settings=cased)
    add("cased in tokenizer.json alone", tokenizer={"normalizer": tokenizer["normalizer"] | {"lowercase": False}})
    general = {"tokenizer_class": "PreTrainedTokenizerFast"}
    add("general tokenizer", settings=general)
    add("general, cased and short words", settings=general, tokenizer={
        "normalizer": tokenizer["normalizer"] | {"lowercase": False, "handle_chinese_chars": False},
        "model": tokenizer["model"] | {"max_input_chars_per_word": 4}})
    add("general, pairs around", settings=general, tokenizer=more(token("sea", normalized=True)) | {
        "post_processor": {"type": "BertProcessing", "sep": ["</s>", number["</s>"]], "cls": ["<s>", number["<s>"]]}})
    add("general, lower case in front", settings=general, tokenizer={"normalizer": {
        "type": "Sequence", "normalizers": [{"type": "Lowercase"}, tokenizer["normalizer"] | {"lowercase": False}]}})
    add("lower case in front", settings=cased, sentences={"max_seq_length": 20, "do_lower_case": True})
    add("accents kept", settings={"strip_accents": False})
    add("Chinese characters not alone", settings={"tokenize_chinese_chars": False})
    # Limits.
    long = [TEXTS[4], "river " * 30, "a" * 120 + " the sea", ""]
    add("limit of the tokenizer", settings={"model_max_length": 8}, texts=long)
    add("older name of the limit", settings={"model_max_length": "absent", "max_len": 9}, texts=long)
    add("cut on the left", settings={"model_max_length": 8, "truncation_side": "left"}, texts=long)
    direction = {"truncation": {"direction": "Left", "max_length": 4, "strategy": "LongestFirst", "stride": 0}}
    add("cut on the left by tokenizer.json", settings={"model_max_length": 10}, tokenizer=direction, texts=long)
    add("two sides", settings={"model_max_length": 10, "truncation_side": "right"}, tokenizer=direction, texts=long)
    add("limit and padding in tokenizer.json", tokenizer={
        "truncation": {"direction": "Right", "max_length": 6, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": 8, "pad_id": 0, "pad_type_id": 0,
                    "pad_token": "[PAD]"}}, texts=long)
    add("limit for each call", sentences={"max_seq_length": 20, "processing_kwargs": {
        "text": {"max_length": 7, "truncation": True}, "image": {}}}, texts=long)
    add("limits for each call", sentences={"processing_kwargs": {"text": {"max_length": 9}, "common": {"max_length": 6}}},
        texts=long)
    add("limit among arguments", sentences={"max_seq_length": 20, "processor_kwargs": {"model_max_length": 7}}, texts=long)
    add("the first versions' configuration", {"sentence_bert_config.json": {"max_seq_length": 11, "do_lower_case": False}},
        texts=long)
    add("configuration under another name", {
        "sentence_bert_config.json": None, "sentence_roberta_config.json": {"max_seq_length": 8}}, texts=long)
    add("without configurations", {"sentence_bert_config.json": None, "tokenizer_config.json": None,
                                   "config_sentence_transformers.json": None}, texts=long)
    # Numbers.
    add("defaults", {"config.json": without("config.json", "hidden_act", "layer_norm_eps", "type_vocab_size", "dtype")})
    text = (base / "config.json").read_text()
    assert '"hidden_act": "gelu"' in text
    add("equal keys", {"config.json": text.replace('"hidden_act"', '"hidden_act": "relu", "hidden_act"', 1)})
    add("truncated vectors", library={"truncate_dim": 12})
    add("truncated vectors, more than all", library={"truncate_dim": 48})
    add("document prompt", library={"prompts": {"query": "ice ", "document": "the sea "}})
    add("early names of weights", weights={"model.safetensors": "gamma-beta.safetensors"})
    add("sharded weights", {"model.safetensors": None, "model.safetensors.index.json": index},
        weights={file: file for file in sorted(set(index["weight_map"].values()))})
    add("steep scores", weights={"model.safetensors": "steep.safetensors"})
    nested = {f"0_Transformer/{name}": (base / name).read_text()
              for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "sentence_bert_config.json"]}
    # Unlike what lies in the folder itself, so that it shows which is read.
    nested["0_Transformer/tokenizer_config.json"] = {**variants.json("tokenizer_config.json"), "do_lower_case": False}
    modules = variants.json("modules.json")
    modules[0]["path"] = "0_Transformer"
    for kind in ["Pooling", "Normalize"]:
        next(module for module in modules if module["type"].endswith(kind))["path"] = f"parts/{kind}"
    add("modules in folders", nested | {
        "modules.json": modules, "parts/Pooling/config.json": {"embedding_dimension": HIDDEN, "pooling_mode": ["cls"]}},
        weights={"0_Transformer/model.safetensors": "steep.safetensors"})
    modules = variants.json("modules.json")
    modules[2] = {"idx": 2, "name": "2", "path": "2_Dropout", "type": "sentence_transformers.models.Dropout"}
    add("dropout in the place of a normalization", {"modules.json": modules, "2_Dropout/config.json": {"dropout": 0.5}})
    add("pooling without a flag", {"1_Pooling/config.json": {"word_embedding_dimension": HIDDEN}})
    collect_earlier(variants)
    return variants.all


def collect_earlier(variants):
    """Folders as versions 2 to 5 of the library saved them, with the keys of models that are much used."""
    settings = {
        "clean_up_tokenization_spaces": True, "do_basic_tokenize": True, "do_lower_case": True, "model_max_length": 512,
        "never_split": None, "strip_accents": None, "tokenize_chinese_chars": True, "tokenizer_class": "BertTokenizer",
        **dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], SPECIAL))}
    calls = {"max_length": 128, "pad_to_multiple_of": None, "pad_token_type_id": 0, "padding_side": "right", "stride": 0,
             "truncation_side": "right", "truncation_strategy": "longest_first"}
    named = {key: value for key, value in settings.items() if key.endswith("_token")}
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    decoder = {str(id): {"content": entry, **flags, "special": True} for id, entry in enumerate(SPECIAL)}
    config = {key: value for key, value in variants.json("config.json").items() if key != "dtype"} | {
        "_name_or_path": "/root/.cache/torch/sentence_transformers/small/", "classifier_dropout": None,
        "gradient_checkpointing": False, "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0},
        "position_embedding_type": "absolute", "torch_dtype": "float32", "transformers_version": "4.30.0", "use_cache": True}
    modules = [{"idx": id, "name": str(id), "path": path, "type": f"sentence_transformers.models.{kind}"}
               for id, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])]

    def pooling(mode, **more):
        return {"word_embedding_dimension": HIDDEN, **{f"pooling_mode_{kind}": kind == mode for kind in (
            "cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")}, **more}

    versions = {"__version__": {"sentence_transformers": "2.2.2", "transformers": "4.28.1", "pytorch": "1.13.0+cu117"}}
    common = {"config.json": config, "modules.json": modules, "2_Normalize/config.json": None,
              "vocab.txt": vocabulary(), "special_tokens_map.json": named,
              "sentence_bert_config.json": {"max_seq_length": 48, "do_lower_case": False}}
    variants.add("as version 2 saved bge", common | {
        "tokenizer_config.json": settings, "1_Pooling/config.json": pooling("cls_token"),
        "config_sentence_transformers.json": versions,
        "sentence_bert_config.json": {"max_seq_length": 48, "do_lower_case": True}})
    variants.add("as version 2 saved gte and multi-qa", common | {
        "tokenizer_config.json": settings | calls | {"special_tokens_map_file": "/x/map.json", "full_tokenizer_file": None,
                                                     "name_or_path": "small"},
        "1_Pooling/config.json": pooling("mean_tokens"), "config_sentence_transformers.json": None})
    late = pooling("cls_token", pooling_mode_weightedmean_tokens=False, pooling_mode_lasttoken=False, include_prompt=True)
    variants.add("as version 3 saved arctic-embed and mxbai", common | {
        "tokenizer_config.json": settings | calls | {"added_tokens_decoder": decoder, "additional_special_tokens": []},
        "special_tokens_map.json": {key: {"content": value, **flags} for key, value in named.items()},
        "1_Pooling/config.json": late,
        "config_sentence_transformers.json": versions | {
            "prompts": {"query": "the ", "passage": ""}, "default_prompt_name": None, "similarity_fn_name": None}})
    variants.add("as version 5 saved", common | {
        "tokenizer_config.json": settings | {"added_tokens_decoder": decoder, "extra_special_tokens": {}},
        "1_Pooling/config.json": late, "vocab.txt": vocabulary(),
        "config_sentence_transformers.json": versions | {
            "model_type": "SentenceTransformer", "prompts": {"query": "", "document": ""}, "default_prompt_name": None,
            "similarity_fn_name": "cosine"}})


def expected(folder, texts):
    torch.set_num_threads(1)
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    cases = []
    for index, text in enumerate(texts):
        features = model.preprocess([text], prompt=model.prompts["document"])
        case = {"text": text, "ids": features["input_ids"][0].tolist()}
        if index < 3:
            vector = model.encode_document([text], show_progress_bar=False)[0]
            case["vector"] = [float(str(number)) for number in vector]
        cases.append(case)
    return cases


def main():
    shutil.rmtree(FIXTURES, ignore_errors=True)
    base, weights = FIXTURES / "base", FIXTURES / "weights"
    weights.mkdir(parents=True)
    write_base(base)
    index = write_weights(weights, base)
    with (FIXTURES / "variants.jsonl").open("w", encoding="utf-8") as lines:
        variants = collect(base, index)
        for variant in variants:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name) / "model"
                shutil.copytree(base, folder)
                for file, content in variant["files"].items():
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    if content is None:
                        (folder / file).unlink()
                    else:
                        (folder / file).write_bytes(content.encode())
                for file, source in variant["weights"].items():
                    shutil.copy(weights / source, folder / file)
                record = {key: variant[key] for key in ("name", "files", "weights")}
                record["cases"] = expected(folder, variant["texts"])
            lines.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    written = sorted(path for path in FIXTURES.rglob("*") if path.is_file())
    for path in written:
        path.chmod(0o644)  # the writer of safetensors makes them private
    manifest = {
        "command": "python Scripts/make-folder-goldens.py",
        "reference": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "files": {str(path.relative_to(FIXTURES)): hashlib.sha256(path.read_bytes()).hexdigest() for path in written},
    }
    (FIXTURES / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"{len(variants)} variants")


if __name__ == "__main__":
    main()
