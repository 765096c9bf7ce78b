"""Toy models and sequences that all tests share."""

import numpy as np
import pytest
import torch

from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.models.cnn import RegulatoryCnnConfig, RegulatoryCnnForSequenceClassification
from dnalrp.models.dnabert2 import (
    DnaBert2Config,
    DnaBert2ForMaskedLM,
    DnaBert2ForSequenceClassification,
)
from dnalrp.models.tokenizer import nucleotide_tokenizer, train_byte_pair_tokenizer


def pytest_collection_modifyitems(items):
    """Quick tests first: a mistake is told in seconds, whole workflows run last."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


def random_sequences(count, shortest=30, longest=90, seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, longest + 1, size=count)
    return ["".join(rng.choice(list("ACGT"), size=length)) for length in lengths]


def nucleotide_maps(ids, lengths, relevance, outputs=None):
    """The record of maps by nucleotide from rows (sequences, longest length)."""
    lengths = np.asarray(lengths, dtype=np.int64)
    return RelevanceMaps(
        ids=list(ids),
        lengths=lengths,
        relevance=[row[:length] for row, length in zip(relevance, lengths, strict=True)],
        spans=nucleotide_spans(lengths),
        logits=np.empty((len(lengths), 0)),
        outputs=np.zeros(len(lengths)) if outputs is None else outputs,
    )


def randomised(model, seed=0, scale=0.3):
    """All parameters random and sizeable, biases and LayerNorm betas included."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    return model


@pytest.fixture(scope="session")
def byte_pairs():
    return train_byte_pair_tokenizer(random_sequences(200), vocabulary=64, max_token_length=6)


@pytest.fixture(scope="session")
def sequences():
    return [*random_sequences(5, seed=1), "ACGTNNACGTTTNA"]


def toy_config(heads=4, labels=2):
    return DnaBert2Config(
        vocab_size=64,
        hidden_size=24,
        intermediate_size=40,
        num_attention_heads=heads,
        num_hidden_layers=2,
        num_labels=labels,
    )


def toy_dnabert2(tokenizer, heads=4, labels=2, seed=0):
    model = DnaBert2ForSequenceClassification(toy_config(heads, labels))
    model = randomised(model, seed).double().eval()
    model.tokenizer = tokenizer
    return model


def toy_masked_lm(tokenizer, seed=0):
    model = randomised(DnaBert2ForMaskedLM(toy_config()), seed).double().eval()
    model.tokenizer = tokenizer
    return model


@pytest.fixture
def dnabert2(byte_pairs):
    return toy_dnabert2(byte_pairs)


def toy_cnn(seed=0, labels=2, **sizes):
    """Small CNN; with batch norm, its running statistics are far from 0 and 1."""
    toy = {"filters": 8, "kernel_size": 7, "second_filters": 6, "hidden_size": 5}
    config = RegulatoryCnnConfig(num_labels=labels, **(toy | sizes))
    model = randomised(RegulatoryCnnForSequenceClassification(config), seed).double().eval()
    generator = torch.Generator().manual_seed(seed)
    for name, statistic in model.named_buffers():
        if not name.endswith("num_batches_tracked"):
            statistic.copy_(torch.rand(statistic.shape, generator=generator) + 0.2)
    model.tokenizer = nucleotide_tokenizer()
    return model


@pytest.fixture
def cnn():
    return toy_cnn()
