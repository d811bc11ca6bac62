"""The libraries compared with `embedding-job encode`: one module for each, imported only in the virtual environment."""

from typing import NamedTuple


class Entry(NamedTuple):
    """What the runner, which has only the standard library, must know of a peer."""

    title: str
    module: str
    type_name: str
    requirements: str | None
    """The file below requirements/ that the peer needs beyond what all need."""


CATALOG = {
    "onnxruntime": Entry("onnxruntime float32", "with_onnxruntime", "Plain", "onnxruntime"),
    "onnxruntime-fused": Entry("onnxruntime float32, fused graph", "with_onnxruntime", "Fused", "onnxruntime"),
    "onnxruntime-int8": Entry("onnxruntime int8, fused graph", "with_onnxruntime", "Quantised", "onnxruntime"),
    "ctranslate2": Entry("CTranslate2 float32", "with_ctranslate2", "Float32", "ctranslate2"),
    "ctranslate2-int8": Entry("CTranslate2 int8", "with_ctranslate2", "Int8", "ctranslate2"),
    "sentence-transformers": Entry(
        "sentence-transformers float32 (PyTorch)", "with_sentence_transformers", "SentenceTransformers", None
    ),
    "openvino": Entry("OpenVINO float32", "with_openvino", "OpenVINO", "openvino"),
}

REFERENCE = "sentence-transformers"
