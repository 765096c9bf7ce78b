"""Rules for the modules of transformers' ModernBERT."""

from functools import partial
from typing import Any

from torch import Tensor, nn
from transformers.activations import GELUActivation
from transformers.models.modernbert import modeling_modernbert as modernbert

from dnalrp.attribution.composites import Rule
from dnalrp.attribution.encoders.attention import ROTATION_ROUNDING, attended
from dnalrp.attribution.encoders.kit import EncoderRules, Kit, Rules
from dnalrp.attribution.rules import Accounts, GeluRule


class AttentionRule(nn.Module):
    """Self-attention of ModernBERT, local or global, around a product under a rule."""

    def __init__(self, module: Any, name: str, accounts: Accounts, *, product: Rule) -> None:
        super().__init__()
        self.first, self.second = module.Wqkv, module.Wo
        self.width, self.product = module.head_dim, product(module, name, accounts)

    def forward(
        self,
        x: Tensor,
        position_embeddings: tuple[Tensor, Tensor] | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> tuple[Tensor, None]:
        parts = self.first(x).view(*x.shape[:2], 3, -1, self.width).unbind(dim=2)
        context = attended(self.product, parts, attention_mask, position_embeddings)
        return self.second(context), None


class MlpRule(nn.Module):
    """ModernBERT's gated feed-forward block around a gate under a rule."""

    def __init__(self, module: Any, name: str, accounts: Accounts, *, gate: Rule) -> None:
        super().__init__()
        self.first, self.gate, self.second = module.Wi, gate(module, name, accounts), module.Wo

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.gate(self.first(x)))


def attention(product: Rule) -> Rules:
    """Self-attention around a product."""
    return {modernbert.ModernBertAttention: partial(AttentionRule, product=product)}


def others(kit: Kit) -> Rules:
    """The activation and the gate."""
    return {
        GELUActivation: GeluRule,
        modernbert.ModernBertMLP: partial(MlpRule, gate=kit.gelu_gate),
    }


RULES = EncoderRules(
    attention=attention,
    others=others,
    plain=(
        nn.Dropout,
        nn.Identity,
        nn.ModuleList,
        nn.Sigmoid,
        modernbert.ModernBertForSequenceClassification,
        modernbert.ModernBertForMaskedLM,
        modernbert.ModernBertModel,
        modernbert.ModernBertEmbeddings,
        modernbert.ModernBertRotaryEmbedding,
        modernbert.ModernBertEncoderLayer,
        modernbert.ModernBertPredictionHead,
    ),
    rounding=ROTATION_ROUNDING,
)
