"""OpenVINO, from the ONNX graph."""

from pathlib import Path

import numpy as np
import openvino

from . import batches, onnx_graph
from .peer import Peer

GRAPH = "model.onnx"


class OpenVINO(Peer):
    """float32 throughout, all threads on one batch."""

    @staticmethod
    def export(model: Path, folder: Path) -> None:
        batches.copy_tokenizer(model, folder)
        onnx_graph.write(model, folder / GRAPH)

    def load(self, folder: Path, threads: int) -> None:
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # On processors with bfloat16 it would compute in that by default.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self.model = openvino.Core().compile_model(str(folder / GRAPH), "CPU", settings)
        self.batches = batches.Batches(folder)

    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        output = self.model.output(0)
        vectors = np.empty((len(texts), output.get_partial_shape()[1].get_length()), np.float32)
        for positions, rows in self.batches.sorted(texts, batch_size):
            ids, mask = batches.padded(rows)
            vectors[positions] = self.model({"input_ids": ids, "attention_mask": mask})[output]
        return vectors
