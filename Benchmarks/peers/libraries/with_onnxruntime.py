"""onnxruntime: the exported graph as it is, with fused operators, and quantised to int8."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer

from . import batches, onnx_graph
from .peer import Peer

GRAPH = "model.onnx"


class Plain(Peer):
    """float32; onnxruntime optimises the graph itself when it loads it."""

    @staticmethod
    def export(model: Path, folder: Path) -> None:
        batches.copy_tokenizer(model, folder)
        onnx_graph.write(model, folder / GRAPH)

    def load(self, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])
        self.batches = batches.Batches(folder)

    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        (output,) = self.session.get_outputs()
        vectors = np.empty((len(texts), output.shape[-1]), np.float32)
        for positions, rows in self.batches.sorted(texts, batch_size):
            ids, mask = batches.padded(rows)
            (vectors[positions],) = self.session.run(None, {"input_ids": ids, "attention_mask": mask})
        return vectors


class Fused(Plain):
    """float32; attention, normalization and GELU are single operators."""

    @staticmethod
    def export(model: Path, folder: Path) -> None:
        Plain.export(model, folder)
        configuration = json.loads((model / "config.json").read_text())
        optimised = optimizer.optimize_model(
            str(folder / GRAPH),
            model_type="bert",
            num_heads=configuration["num_attention_heads"],
            hidden_size=configuration["hidden_size"],
            opt_level=0,
        )
        layers, fused = configuration["num_hidden_layers"], optimised.get_fused_operator_statistics()["Attention"]
        if fused != layers:
            raise RuntimeError(f"the optimiser has fused attention in {fused} of {layers} layers")
        optimised.save_model_to_file(str(folder / GRAPH))


class Quantised(Fused):
    """int8 weights; activations are quantised on the way."""

    @staticmethod
    def export(model: Path, folder: Path) -> None:
        Fused.export(model, folder)
        # Where products of bytes are summed in 16 bits, that is without VNNI, full-range weights would overflow them.
        vnni = "vnni" in Path("/proc/cpuinfo").read_text()
        quantised = folder / "quantised.onnx"
        quantize_dynamic(
            folder / GRAPH,
            quantised,
            weight_type=QuantType.QInt8,
            # One scale a matrix costs much accuracy and gains no time.
            per_channel=True,
            reduce_range=not vnni,
            # ONNX's shape inference does not know the fused operators and cannot tell what they give.
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
        quantised.replace(folder / GRAPH)
