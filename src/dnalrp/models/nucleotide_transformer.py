"""Nucleotide Transformer version 2: transformers' ESM with a gated feed-forward block.

Dalla-Torre et al., Nature Methods 2024 (doi 10.1038/s41592-024-02523-z): rotary positions, and
SwiGLU (arXiv 2002.05202) without biases in place of ESM's GELU. Version 1 is ESM as it is. The
state dict has the published names.
"""

from torch import Tensor, nn
from torch.nn.functional import silu
from transformers import EsmConfig, EsmForSequenceClassification


class GatedSilu(nn.Module):
    """Gate of the feed-forward block: SiLU(first half) * second half of the last dimension."""

    def forward(self, x: Tensor) -> Tensor:
        activated, linear = x.chunk(2, dim=-1)
        return silu(activated) * linear


class GatedIntermediate(nn.Module):
    """First half of the feed-forward block."""

    def __init__(self, config: EsmConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.gate = GatedSilu()

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(self.dense(x))


class NucleotideTransformerForSequenceClassification(EsmForSequenceClassification):
    """Classifier on the first token; its configuration is ESM's with ``add_bias_fnn`` false."""

    def __init__(self, config: EsmConfig) -> None:
        super().__init__(config)
        config.add_bias_fnn = False  # type: ignore[attr-defined]
        for layer in self.esm.encoder.layer:
            layer.intermediate = GatedIntermediate(config)
            layer.output.dense = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.post_init()
