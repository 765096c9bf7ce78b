"""DNABERT-2 as Hugging Face model classes, with the published state dict name for name.

Zhou et al., ICLR 2024 (arXiv 2306.15006): a BERT encoder with ALiBi instead of position
embeddings, a gated feed-forward block and post-layer normalisation. Nothing here knows about
explanation; every operation that an explanation rule may want to replace is a module of its
own (:class:`AlibiAttention`, :class:`GatedGelu`, ``nn.Linear``, ``nn.LayerNorm``, ``nn.Tanh``).
"""

import math
from collections.abc import Sequence

import torch
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import (
    BaseModelOutputWithPooling,
    MaskedLMOutput,
    SequenceClassifierOutput,
)

from dnalrp.models.architectures.dnabert2 import DnaBert2Section
from dnalrp.models.tokenizer import train_byte_pair_tokenizer

MASKED_SCORE = -10000.0


@strict
class DnaBert2Config(PreTrainedConfig):
    """Sizes and rates of a DNABERT-2; the defaults are those of the published 117M model."""

    model_type = "dnabert2"

    vocab_size: int = 4096
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    hidden_dropout_prob: float | int = 0.1
    attention_probs_dropout_prob: float | int = 0.0
    classifier_dropout: float | int | None = None
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    pad_token_id: int | None = 3
    tie_word_embeddings: bool = True

    def validate_heads(self) -> None:
        if self.num_attention_heads < 1 or self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of num_attention_heads "
                f"{self.num_attention_heads}"
            )


def alibi_slopes(heads: int) -> list[float]:
    """Slope of each head's linear distance penalty (Press et al. 2022, section 3).

    For ``heads`` a power of two, a geometric sequence that starts at and has the ratio
    2^(-8 / heads); otherwise that of the largest power of two below, followed by every second
    slope of the sequence for twice that power.
    """
    power = 2 ** math.floor(math.log2(heads))
    slopes = [2 ** (-8 * (k + 1) / power) for k in range(power)]
    between = [2 ** (-8 * (k + 1) / (2 * power)) for k in range(0, 2 * power, 2)]
    return slopes + between[: heads - power]


def alibi_bias(heads: int, tokens: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Symmetric ALiBi bias -slope * |i - j|, shape (1, heads, tokens, tokens)."""
    position = torch.arange(tokens, device=device)
    distance = (position[:, None] - position[None, :]).abs()
    slopes = torch.tensor(alibi_slopes(heads), dtype=torch.float64, device=device)
    return -(slopes[:, None, None] * distance).to(dtype)[None]


class AlibiAttention(nn.Module):
    """softmax(q kᵀ / sqrt(d) + bias) v on fused kernels; holds no parameters.

    Queries, keys and values are (batch, heads, tokens, d). ``bias`` is the sum of ALiBi and the
    padding mask, (1 or batch, heads, tokens, tokens).
    """

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        rate = self.dropout if self.training else 0.0
        return scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=rate)


class GatedGelu(nn.Module):
    """Gate of the feed-forward block: GELU(first half) * second half of the last dimension."""

    def forward(self, x: Tensor) -> Tensor:
        activated, linear = x.chunk(2, dim=-1)
        return nn.functional.gelu(activated) * linear


class DnaBert2Embeddings(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, words: Tensor, token_type_ids: Tensor | None) -> Tensor:
        if token_type_ids is None:
            token_type_ids = torch.zeros(words.shape[:2], dtype=torch.long, device=words.device)
        return self.dropout(self.LayerNorm(words + self.token_type_embeddings(token_type_ids)))


class DnaBert2SelfAttention(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.Wqkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.product = AlibiAttention(config.attention_probs_dropout_prob)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, tokens, hidden = x.shape
        qkv = self.Wqkv(x).view(batch, tokens, 3, self.heads, hidden // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        context = self.product(query, key, value, bias)
        return context.transpose(1, 2).reshape(batch, tokens, hidden)


class DnaBert2SelfOutput(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, context: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(context)) + residual)


class DnaBert2Attention(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.self = DnaBert2SelfAttention(config)
        self.output = DnaBert2SelfOutput(config)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        return self.output(self.self(x, bias), x)


class DnaBert2GatedMlp(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.gated_layers = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.gate = GatedGelu()
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.wo = nn.Linear(config.intermediate_size, config.hidden_size)
        self.layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        return self.layernorm(self.wo(self.dropout(self.gate(self.gated_layers(x)))) + x)


class DnaBert2Layer(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.attention = DnaBert2Attention(config)
        self.mlp = DnaBert2GatedMlp(config)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        return self.mlp(self.attention(x, bias))


class DnaBert2Encoder(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.layer = nn.ModuleList(DnaBert2Layer(config) for _ in range(config.num_hidden_layers))

    def forward(self, x: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
        """Hidden states before the first layer and after each."""
        states = [x]
        for layer in self.layer:
            states.append(layer(states[-1], bias))
        return tuple(states)


class DnaBert2Pooler(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.dense(x[:, 0]))


class DnaBert2PreTrainedModel(PreTrainedModel):
    config_class = DnaBert2Config
    base_model_prefix = "bert"
    _supports_sdpa = True

    def get_input_embeddings(self) -> nn.Embedding:
        return self.base_model.embeddings.word_embeddings

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.base_model.embeddings.word_embeddings = value


class DnaBert2Model(DnaBert2PreTrainedModel):
    """Encoder with pooler. Outputs at padded positions are exactly zero."""

    def __init__(self, config: DnaBert2Config, add_pooling_layer: bool = True) -> None:
        super().__init__(config)
        self.embeddings = DnaBert2Embeddings(config)
        self.encoder = DnaBert2Encoder(config)
        self.pooler = DnaBert2Pooler(config) if add_pooling_layer else None
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        output_hidden_states: bool = False,
    ) -> BaseModelOutputWithPooling:
        """Hidden states (batch, tokens, hidden) and the pooled first token (batch, hidden).

        ``inputs_embeds`` are word embeddings: the token type and the LayerNorm that follows
        belong to the network. ``attention_mask`` is 1 at tokens and 0 at padding.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give either input_ids or inputs_embeds, and only one of them")
        if inputs_embeds is None:
            inputs_embeds = self.embeddings.word_embeddings(input_ids)
        bias = alibi_bias(
            self.config.num_attention_heads,
            inputs_embeds.shape[1],
            inputs_embeds.dtype,
            inputs_embeds.device,
        )
        if attention_mask is not None:
            kept = attention_mask.to(inputs_embeds.dtype)
            bias = bias + (1.0 - kept)[:, None, None, :] * MASKED_SCORE
        states = self.encoder(self.embeddings(inputs_embeds, token_type_ids), bias)
        last = states[-1] if attention_mask is None else states[-1] * kept[:, :, None]
        return BaseModelOutputWithPooling(
            last_hidden_state=last,
            pooler_output=None if self.pooler is None else self.pooler(last),
            hidden_states=states if output_hidden_states else None,
        )


class DnaBert2ForSequenceClassification(DnaBert2PreTrainedModel):
    """Linear classifier on the pooled first token. One linear output a label."""

    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.bert = DnaBert2Model(config)
        rate = config.classifier_dropout
        self.dropout = nn.Dropout(config.hidden_dropout_prob if rate is None else rate)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """Logits (batch, labels); cross-entropy against ``labels`` (batch,) where given."""
        output = self.bert(input_ids, attention_mask, token_type_ids, inputs_embeds)
        logits = self.classifier(self.dropout(output.pooler_output))
        loss = None if labels is None else cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


class DnaBert2HeadTransform(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = nn.GELU()
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        return self.LayerNorm(self.activation(self.dense(x)))


class DnaBert2MaskedLMPredictions(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.transform = DnaBert2HeadTransform(config)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.transform(x))


class DnaBert2MaskedLMHead(nn.Module):
    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__()
        self.predictions = DnaBert2MaskedLMPredictions(config)

    def forward(self, x: Tensor) -> Tensor:
        return self.predictions(x)


class DnaBert2ForMaskedLM(DnaBert2PreTrainedModel):
    """Masked-language model; the decoder's weight is the word embedding."""

    _tied_weights_keys = {
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"
    }

    def __init__(self, config: DnaBert2Config) -> None:
        super().__init__(config)
        self.bert = DnaBert2Model(config, add_pooling_layer=False)
        self.cls = DnaBert2MaskedLMHead(config)
        self.post_init()

    def get_output_embeddings(self) -> nn.Linear:
        return self.cls.predictions.decoder

    def set_output_embeddings(self, value: nn.Linear) -> None:
        self.cls.predictions.decoder = value

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> MaskedLMOutput:
        """Logits (batch, tokens, vocabulary); labels of -100 are left out of the loss."""
        output = self.bert(input_ids, attention_mask, token_type_ids, inputs_embeds)
        logits = self.cls(output.last_hidden_state)
        loss = None
        if labels is not None:
            loss = cross_entropy(logits.flatten(0, 1), labels.flatten())
        return MaskedLMOutput(loss=loss, logits=logits)


def new_classifier(
    section: DnaBert2Section, sequences: Sequence[str], num_labels: int | None
) -> DnaBert2ForSequenceClassification:
    """Classifier with random weights, and a byte-pair tokenizer trained on ``sequences``."""
    config = DnaBert2Config(num_labels=num_labels, **section.size.model_dump())
    tokenizer = train_byte_pair_tokenizer(sequences, config.vocab_size, section.max_token_length)
    model = DnaBert2ForSequenceClassification(config)
    model.tokenizer = tokenizer
    return model
