"""Self-attention of transformers' encoders around a product under a rule.

Transformers' classes stay as they are: modules that compute inside ``forward`` what a rule must
see are replaced, on the twin that a composite makes, by a module of the same arithmetic.

What positions contribute: position embeddings (BERT, ESM) keep their share as ``position`` in the
ledger; rotary embeddings (ESM, ModernBERT) are rotations, linear in queries and keys, and pass
relevance on. Transformers rotates in single precision in any model; here a float64 model is
rotated in float64, so that its ledger closes. Its outputs move by single-precision rounding.
"""

from typing import Any

import torch
from torch import Tensor, nn

from dnalrp.attribution.composites import Rule
from dnalrp.attribution.rules import Accounts

ROTATION_ROUNDING = 1e-5
"""How far, relative to the largest logit, rotating in float64 may move outputs."""


class SelfAttentionRule(nn.Module):
    """Self-attention of BERT and ESM, with projections of their own for queries, keys, values."""

    def __init__(self, module: Any, name: str, accounts: Accounts, *, product: Rule) -> None:
        super().__init__()
        self.query, self.key, self.value = module.query, module.key, module.value
        self.width = module.attention_head_size
        self.product = product(module, name, accounts)
        self.rotary = getattr(module, "position_embedding_type", "absolute") == "rotary"

    def forward(
        self,
        x: Tensor,
        attention_mask: Tensor | None = None,
        position_embeddings: tuple[Tensor, Tensor] | None = None,
        **_: Any,
    ) -> tuple[Tensor, None]:
        heads = (*x.shape[:2], -1, self.width)
        parts = [part(x).view(heads) for part in (self.query, self.key, self.value)]
        rotation = position_embeddings if self.rotary else None
        return attended(self.product, parts, attention_mask, rotation), None


def attended(
    product: nn.Module,
    parts: Any,
    mask: Tensor | None,
    rotation: tuple[Tensor, Tensor] | None,
) -> Tensor:
    """Context (batch, tokens, hidden) of queries, keys, values (batch, tokens, heads, d)."""
    query, key, value = (part.transpose(1, 2) for part in parts)
    if rotation is not None:
        query, key = _rotated(query, *rotation), _rotated(key, *rotation)
    if mask is None:
        mask = query.new_zeros(1, 1, query.shape[2], query.shape[2])
    context = product(query, key, value, mask.to(query.dtype))
    return context.transpose(1, 2).flatten(2)


def _rotated(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary position embedding (arXiv 2104.09864) in single precision or the model's if higher."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    first, second = wide.chunk(2, dim=-1)
    quarter_turn = torch.cat([-second, first], dim=-1)
    return (wide * cosine[:, None] + quarter_turn * sine[:, None]).to(x.dtype)
