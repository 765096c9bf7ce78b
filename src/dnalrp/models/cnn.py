"""A convolutional classifier, the standard baseline of regulatory genomics.

Wide first filters that act as motif detectors, ReLU, max-pooling, a second convolution that
combines them, a global maximum and a small dense head (DeepBind, Alipanahi et al. 2015; Basset,
Kelley et al. 2016). It reads one-hot nucleotides, takes any length, and keeps the call contract
of the language models, Hugging Face's: ids or ``inputs_embeds`` (here the one-hot) and an
attention mask.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.fusion import fuse_conv_bn_eval
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import SequenceClassifierOutput

from dnalrp.models.architectures.regulatory_cnn import RegulatoryCnnSection
from dnalrp.models.tokenizer import nucleotide_tokenizer


@strict
class RegulatoryCnnConfig(PreTrainedConfig):
    """Sizes of the convolutional classifier. ``vocab_size`` ids: A C G T, then N, then padding.

    ``batch_norm`` puts a batch norm after each convolution.
    """

    model_type = "regulatory_cnn"

    filters: int = 64
    kernel_size: int = 19
    pool_size: int = 4
    second_filters: int = 64
    second_kernel_size: int = 7
    hidden_size: int = 64
    dropout: float | int = 0.2
    batch_norm: bool = False
    vocab_size: int = 6
    pad_token_id: int | None = 5


class OneHot(nn.Module):
    """Ids to one-hot rows in the order A C G T; every other id (N, padding) gives zeros."""

    def forward(self, input_ids: Tensor) -> Tensor:
        nucleotides = torch.arange(4, device=input_ids.device)
        return (input_ids[..., None] == nucleotides).to(torch.get_default_dtype())


class ConvolutionBlock(nn.Module):
    """Convolution of the same length, ReLU, max-pooling; zero beyond a sequence's end.

    Batch norm, where wanted, stands before the ReLU. Its statistics are over the sequences' own
    positions: what padding makes of them is left out, so that a batch's mean and variance do not
    depend on how much of it is padding.
    """

    def __init__(
        self, channels: int, filters: int, kernel_size: int, pool_size: int, batch_norm: bool
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, filters, kernel_size, padding="same")
        self.normalisation = nn.BatchNorm1d(filters) if batch_norm else nn.Identity()
        self.activation = nn.ReLU()
        self.pool = nn.MaxPool1d(pool_size, ceil_mode=True)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        x = self.activation(self._normalised(self.convolution(x), mask)) * mask
        return self.pool(x), self.pool(mask)

    def _normalised(self, x: Tensor, mask: Tensor) -> Tensor:
        if not self.normalisation.training or isinstance(self.normalisation, nn.Identity):
            return self.normalisation(x)
        rows, kept = x.transpose(1, 2), mask[:, 0] > 0
        normalised = self.normalisation(rows[kept])
        result = normalised.new_zeros(rows.shape)
        result[kept] = normalised
        return result.transpose(1, 2)


class RegulatoryCnnForSequenceClassification(PreTrainedModel):
    """Two convolution blocks, global maximum, dense layer, linear classifier."""

    config_class = RegulatoryCnnConfig
    base_model_prefix = "cnn"

    def __init__(self, config: RegulatoryCnnConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.one_hot = OneHot()
        self.first = ConvolutionBlock(
            4, config.filters, config.kernel_size, config.pool_size, config.batch_norm
        )
        self.second = ConvolutionBlock(
            config.filters,
            config.second_filters,
            config.second_kernel_size,
            config.pool_size,
            config.batch_norm,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.global_pool = nn.AdaptiveMaxPool1d(1)
        self.dense = nn.Linear(config.second_filters, config.hidden_size)
        self.activation = nn.ReLU()
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv1d | nn.Linear):
            init.kaiming_normal_(module.weight, nonlinearity="relu")
            init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d):
            super()._init_weights(module)

    def get_input_embeddings(self) -> nn.Module:
        return self.one_hot

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """Logits (batch, labels) from ids (batch, length) or one-hot (batch, length, 4)."""
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give either input_ids or inputs_embeds, and only one of them")
        if inputs_embeds is None:
            inputs_embeds = self.one_hot(input_ids).to(self.dtype)
        mask = inputs_embeds.new_ones(inputs_embeds.shape[:2])
        if attention_mask is not None:
            mask = attention_mask.to(inputs_embeds.dtype)
        mask = mask[:, None, :]
        x, mask = self.first(inputs_embeds.transpose(1, 2) * mask, mask)
        x, mask = self.second(x, mask)
        features = self.dropout(self.global_pool(x).squeeze(-1))
        logits = self.classifier(self.activation(self.dense(features)))
        loss = None if labels is None else cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def new_classifier(
    section: RegulatoryCnnSection, sequences: Sequence[str], num_labels: int | None
) -> RegulatoryCnnForSequenceClassification:
    """Classifier with random weights; each nucleotide is a token, whatever the sequences are."""
    config = RegulatoryCnnConfig(num_labels=num_labels, **section.size.model_dump())
    model = RegulatoryCnnForSequenceClassification(config)
    model.tokenizer = nucleotide_tokenizer()
    return model


def folded(model: nn.Module) -> nn.Module:
    """Equal model without batch norm: each one is folded into the convolution before it.

    Why: in evaluation, batch norm only scales and shifts a convolution's outputs, and a rule for
    the two apart would share relevance out twice. With mean m, variance v, scale a and shift c of
    a filter, w' = w a / sqrt(v + eps) and b' = (b - m) a / sqrt(v + eps) + c (Ioffe and Szegedy
    2015, arXiv 1502.03167, algorithm 2). The result is a copy in evaluation mode; the model
    itself where there is nothing to fold.
    """
    names = [
        name
        for name, block in model.named_modules()
        if isinstance(block, ConvolutionBlock) and isinstance(block.normalisation, nn.BatchNorm1d)
    ]
    if not names:
        return model
    twin = copy.deepcopy(model).eval()
    blocks: list[Any] = [twin.get_submodule(name) for name in names]
    for block in blocks:
        block.convolution = fuse_conv_bn_eval(block.convolution, block.normalisation)
        block.normalisation = nn.Identity()
    if isinstance(twin, RegulatoryCnnForSequenceClassification):
        twin.config.batch_norm = False
    return twin
