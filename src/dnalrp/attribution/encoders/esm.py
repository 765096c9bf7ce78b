"""Rules for the modules of transformers' ESM: the Nucleotide Transformer, version 2 with a gate."""

from functools import partial
from typing import Any

from torch import Tensor, nn
from transformers.activations import GELUActivation
from transformers.models.esm import modeling_esm as esm

from dnalrp.attribution.composites import Rule
from dnalrp.attribution.encoders.attention import ROTATION_ROUNDING, SelfAttentionRule
from dnalrp.attribution.encoders.kit import EncoderRules, Kit, Rules
from dnalrp.attribution.rules import Accounts, GeluRule, TanhRule
from dnalrp.models import nucleotide_transformer


class IntermediateRule(nn.Module):
    """ESM's first half of the feed-forward block, its GELU under the identity rule."""

    def __init__(self, module: Any, name: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, GeluRule(module, name, accounts)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.dense(x))


class ClassificationHeadRule(nn.Module):
    """ESM's classifier on the first token, its tanh under the identity rule."""

    def __init__(self, module: Any, name: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, TanhRule(module, name, accounts)
        self.out_proj = module.out_proj

    def forward(self, x: Tensor) -> Tensor:
        return self.out_proj(self.activation(self.dense(x[:, 0])))


class LanguageHeadRule(nn.Module):
    """ESM's masked-language head: its GELU under the identity rule, its bias in the decoder."""

    def __init__(self, module: Any, name: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, GeluRule(module, name, accounts)
        self.layer_norm, self.decoder = module.layer_norm, module.decoder
        self.decoder.module._parameters["bias"] = module.bias

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.layer_norm(self.activation(self.dense(x))))


def attention(product: Rule) -> Rules:
    """Self-attention around a product."""
    return {esm.EsmSelfAttention: partial(SelfAttentionRule, product=product)}


def others(kit: Kit) -> Rules:
    """Blocks that compute inside ``forward``, and the gate of version 2."""
    return {
        GELUActivation: GeluRule,
        esm.EsmIntermediate: IntermediateRule,
        esm.EsmClassificationHead: ClassificationHeadRule,
        esm.EsmLMHead: LanguageHeadRule,
        nucleotide_transformer.GatedSilu: kit.silu_gate,
    }


RULES = EncoderRules(
    attention=attention,
    others=others,
    plain=(
        nn.Dropout,
        nn.Identity,
        nn.ModuleList,
        nn.Sigmoid,
        esm.EsmForSequenceClassification,
        esm.EsmForMaskedLM,
        esm.EsmModel,
        esm.EsmEmbeddings,
        esm.EsmRotaryEmbedding,
        esm.EsmContactPredictionHead,
        esm.EsmEncoder,
        esm.EsmLayer,
        esm.EsmAttention,
        esm.EsmSelfOutput,
        esm.EsmOutput,
        nucleotide_transformer.NucleotideTransformerForSequenceClassification,
        nucleotide_transformer.GatedIntermediate,
    ),
    rounding=ROTATION_ROUNDING,
)
