"""The model as an ONNX graph from token ids to unit vectors: pooling and normalization belong to it."""

from pathlib import Path

import torch
from transformers import BertModel


class _SentenceModel(torch.nn.Module):
    """BERT, mean over the tokens, unit length."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).float()
        mean = (hidden * weight).sum(1) / weight.sum(1)
        return mean / mean.norm(dim=1, keepdim=True)


def write(model: Path, file: Path) -> None:
    """Exports the sentence-transformers model in `model`."""
    # "eager" spells attention out, so that onnxruntime's optimiser recognises it.
    bert = BertModel.from_pretrained(model, attn_implementation="eager", add_pooling_layer=False)
    ids = torch.randint(1000, 2000, (2, 8))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    sizes = {0: "texts", 1: "tokens"}
    with torch.no_grad():
        torch.onnx.export(
            _SentenceModel(bert).eval(),
            (ids, mask),
            str(file),
            opset_version=17,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": sizes, "attention_mask": sizes, "vectors": {0: "texts"}},
            dynamo=False,
        )
