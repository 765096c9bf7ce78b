"""Rules for Hugging Face's own encoders: BERT, ESM and ModernBERT.

DNABERT, GENA-LM and GROVER are BERT, the Nucleotide Transformer is ESM, in version 2 with a gate.
Transformers' classes stay as they are: modules that compute inside ``forward`` what a rule must
see are replaced, on the twin that a table makes, by a module of the same arithmetic. One table
knows all of them.

What positions contribute: position embeddings (BERT, ESM) keep their share as ``position`` in the
ledger; rotary embeddings (ESM, ModernBERT) are rotations, linear in queries and keys, and pass
relevance on. Transformers rotates in single precision in any model; here a float64 model is
rotated in float64, so that its ledger closes. Its outputs move by single-precision rounding.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import GELUActivation
from transformers.models.bert import modeling_bert as bert
from transformers.models.esm import modeling_esm as esm
from transformers.models.modernbert import modeling_modernbert as modernbert

from dnalrp.attribution import rules
from dnalrp.attribution.rules import Accounts
from dnalrp.attribution.tables import SHARED_RULES, Rule, RuleTable
from dnalrp.models import nucleotide_transformer

Product = Callable[[str, Accounts], nn.Module]
"""Place and accounts to what computes softmax(q kᵀ / sqrt(d) + bias) v."""

ROTATION_ROUNDING = 1e-5
"""How far, relative to the largest logit, rotating in float64 may move outputs."""


class SelfAttentionRule(nn.Module):
    """Self-attention of BERT and ESM around a product under a rule."""

    def __init__(self, module: Any, product: nn.Module) -> None:
        super().__init__()
        self.query, self.key, self.value = module.query, module.key, module.value
        self.width, self.product = module.attention_head_size, product
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
        return _attended(self.product, parts, attention_mask, rotation), None


class ModernBertAttentionRule(nn.Module):
    """Self-attention of ModernBERT, local or global, around a product under a rule."""

    def __init__(self, module: Any, product: nn.Module) -> None:
        super().__init__()
        self.first, self.second = module.Wqkv, module.Wo
        self.width, self.product = module.head_dim, product

    def forward(
        self,
        x: Tensor,
        position_embeddings: tuple[Tensor, Tensor] | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> tuple[Tensor, None]:
        parts = self.first(x).view(*x.shape[:2], 3, -1, self.width).unbind(dim=2)
        context = _attended(self.product, parts, attention_mask, position_embeddings)
        return self.second(context), None


def _attended(
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


class EsmIntermediateRule(nn.Module):
    """ESM's first half of the feed-forward block, its GELU under the identity rule."""

    def __init__(self, module: Any, place: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, rules.GeluRule()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.dense(x))


class EsmClassificationHeadRule(nn.Module):
    """ESM's classifier on the first token, its tanh under the identity rule."""

    def __init__(self, module: Any, place: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, rules.TanhRule()
        self.out_proj = module.out_proj

    def forward(self, x: Tensor) -> Tensor:
        return self.out_proj(self.activation(self.dense(x[:, 0])))


class EsmLanguageHeadRule(nn.Module):
    """ESM's masked-language head: its GELU under the identity rule, its bias in the decoder."""

    def __init__(self, module: Any, place: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, rules.GeluRule()
        self.layer_norm, self.decoder = module.layer_norm, module.decoder
        self.decoder.module._parameters["bias"] = module.bias

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.layer_norm(self.activation(self.dense(x))))


class ModernBertMlpRule(nn.Module):
    """ModernBERT's gated feed-forward block around a gate under a rule."""

    def __init__(self, module: Any, gate: nn.Module) -> None:
        super().__init__()
        self.first, self.gate, self.second = module.Wi, gate, module.Wo

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.gate(self.first(x)))


_PLAIN = (
    nn.Dropout,
    nn.Identity,
    nn.ModuleList,
    nn.Sigmoid,
    bert.BertForSequenceClassification,
    bert.BertForMaskedLM,
    bert.BertOnlyMLMHead,
    bert.BertLMPredictionHead,
    bert.BertPredictionHeadTransform,
    bert.BertModel,
    bert.BertEmbeddings,
    bert.BertEncoder,
    bert.BertLayer,
    bert.BertAttention,
    bert.BertSelfOutput,
    bert.BertIntermediate,
    bert.BertOutput,
    bert.BertPooler,
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
    modernbert.ModernBertForSequenceClassification,
    modernbert.ModernBertForMaskedLM,
    modernbert.ModernBertModel,
    modernbert.ModernBertEmbeddings,
    modernbert.ModernBertRotaryEmbedding,
    modernbert.ModernBertEncoderLayer,
    modernbert.ModernBertPredictionHead,
)


def attnlrp() -> RuleTable:
    """AttnLRP for classifiers and masked-language models that are BERT, ESM or ModernBERT.

    The rules are those for DNABERT-2 (:func:`dnalrp.attribution.tables.attnlrp`); there is no
    ALiBi to read.
    """
    return _lrp(
        "attnlrp, encoders",
        lambda place, accounts: rules.AlibiAttentionRule(place, accounts, "absorb"),
        rules.GatedGeluRule,
        rules.GatedSiluRule,
    )


def cp_lrp() -> RuleTable:
    """CP-LRP for the same: attention, and the activated half of gates, constant."""
    return _lrp(
        "cp_lrp, encoders",
        lambda place, accounts: rules.AttentionValueRule(),
        rules.GateValueRule,
        rules.SiluGateValueRule,
    )


def _lrp(
    name: str,
    product: Product,
    gelu_gate: Callable[[], nn.Module],
    silu_gate: Callable[[], nn.Module],
) -> RuleTable:
    return RuleTable(
        name=name,
        rules=SHARED_RULES
        | attention_rules(product)
        | {
            GELUActivation: lambda module, place, accounts: rules.GeluRule(),
            esm.EsmIntermediate: EsmIntermediateRule,
            esm.EsmClassificationHead: EsmClassificationHeadRule,
            esm.EsmLMHead: EsmLanguageHeadRule,
            modernbert.ModernBertMLP: lambda module, place, accounts: ModernBertMlpRule(
                module, gelu_gate()
            ),
            nucleotide_transformer.GatedSilu: lambda module, place, accounts: silu_gate(),
        },
        plain=_PLAIN,
        attention="eager",
        rounding=ROTATION_ROUNDING,
    )


def attention_rules(product: Product) -> dict[type[nn.Module], Rule]:
    """Rules that put ``product`` into the self-attention of all three encoders.

    The table that takes them must ask for ``eager`` attention: its masks are added to logits.
    """

    def self_attention(module: Any, place: str, accounts: Accounts) -> nn.Module:
        return SelfAttentionRule(module, product(place, accounts))

    def modernbert_attention(module: Any, place: str, accounts: Accounts) -> nn.Module:
        return ModernBertAttentionRule(module, product(place, accounts))

    return {
        bert.BertSelfAttention: self_attention,
        esm.EsmSelfAttention: self_attention,
        modernbert.ModernBertAttention: modernbert_attention,
    }
