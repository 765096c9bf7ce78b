"""AttnLRP on the library's own encoders, tiny and random, against explicit propagation."""

import math

import numpy as np
import pytest
import torch
from conftest import randomised
from explicit import attention, heads_of, joined, layer_norm, linear, stable
from torch.nn.functional import gelu
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    EsmConfig,
    EsmForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
)

from dnalrp.attribution.explanation import explain

SIZES = {"vocab_size": 64, "hidden_size": 24, "num_hidden_layers": 3, "intermediate_size": 40}


def toy_bert(heads, seed):
    config = BertConfig(**SIZES, num_attention_heads=heads, max_position_embeddings=80)
    return randomised(BertForSequenceClassification(config), seed)


def toy_esm(heads, seed, position="rotary"):
    config = EsmConfig(
        **SIZES,
        num_attention_heads=heads,
        max_position_embeddings=80,
        position_embedding_type=position,
        pad_token_id=3,
        mask_token_id=4,
        token_dropout=True,
        emb_layer_norm_before=position == "absolute",
    )
    return randomised(EsmForSequenceClassification(config), seed)


def toy_modernbert(heads, seed, pooling="mean"):
    config = ModernBertConfig(
        **SIZES,
        num_attention_heads=heads,
        max_position_embeddings=128,
        local_attention=8,
        classifier_pooling=pooling,
        pad_token_id=3,
    )
    return randomised(ModernBertForSequenceClassification(config), seed)


MODELS = {
    "bert": toy_bert,
    "esm": toy_esm,
    "esm absolute": lambda heads, seed: toy_esm(heads, seed, "absolute"),
    "modernbert": toy_modernbert,
    "modernbert cls": lambda heads, seed: toy_modernbert(heads, seed, "cls"),
}


@pytest.fixture(params=MODELS)
def encoder(request, byte_pairs):
    model = MODELS[request.param](4, 0).double().eval()
    model.tokenizer = byte_pairs
    return model


def test_outputs_are_the_models_own(encoder, sequences):
    maps = explain(encoder, sequences, progress=False)
    batch = encoder.tokenizer(sequences, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = encoder(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    assert maps.logits == pytest.approx(logits.logits.numpy(), abs=1e-9)


def test_ledger_accounts_for_the_whole_output(encoder, sequences):
    maps = explain(encoder, sequences, progress=False)
    gap = np.abs(maps.ledger.sum(axis="columns").to_numpy() - maps.outputs)
    largest = maps.ledger.abs().max(axis="columns").to_numpy()
    # transformers rotates queries and keys in single precision
    absolute = getattr(encoder.config, "position_embedding_type", "absolute") == "absolute"
    rotary = encoder.config.model_type == "modernbert" or not absolute
    assert (gap < (1e-5 if rotary else 1e-8) * largest).all()


def test_model_is_left_as_it_was(encoder, sequences):
    implementation = encoder.config._attn_implementation
    modules = dict(encoder.named_modules())
    explain(encoder, sequences, progress=False)
    assert encoder.config._attn_implementation == implementation
    assert dict(encoder.named_modules()) == modules


@torch.no_grad()
def explicit_bert(model, ids):
    """Word relevance (tokens,) and the margin of one sequence, from the relevance formulas."""
    bert, heads = model.bert, model.config.num_attention_heads
    places = bert.embeddings
    words = places.word_embeddings.weight[ids]
    summed = words + places.token_type_embeddings.weight[0]
    summed = summed + places.position_embeddings.weight[: len(ids)]
    x, trace = places.LayerNorm(summed), []
    for layer in bert.encoder.layer:
        own = layer.attention.self
        q, k, v = (heads_of(part(x), heads) for part in (own.query, own.key, own.value))
        s = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        context = joined(s @ v)
        dense = layer.attention.output.dense(context)
        middle = layer.attention.output.LayerNorm(dense + x)
        u = layer.intermediate.dense(middle)
        out = layer.output.dense(gelu(u))
        trace.append((layer, x, q, k, v, context, dense, middle, u, out))
        x = layer.output.LayerNorm(out + middle)
    pooled = bert.pooler.dense(x[0]).tanh()
    weight = model.classifier.weight[1] - model.classifier.weight[0]
    logits = model.classifier(pooled)
    relevance = torch.zeros_like(x)
    dense = bert.pooler.dense
    relevance[0] = linear(x[0], dense.weight, dense.bias, pooled * weight)
    for layer, x, q, k, v, context, dense, middle, u, out in reversed(trace):
        own, result = layer.attention, layer.output
        total = out + middle
        at_total = layer_norm(total, result.LayerNorm, relevance)
        at_u = linear(
            gelu(u), result.dense.weight, result.dense.bias, out / stable(total) * at_total
        )
        first = layer.intermediate.dense
        at_middle = middle / stable(total) * at_total + linear(
            middle, first.weight, first.bias, at_u
        )
        total = dense + x
        at_total = layer_norm(total, own.output.LayerNorm, at_middle)
        second = own.output.dense
        at_context = linear(context, second.weight, second.bias, dense / stable(total) * at_total)
        bias = torch.zeros(1, 1, 1, dtype=x.dtype)
        parts = attention(q, k, v, bias, heads_of(at_context, heads), "absorb")
        relevance = x / stable(total) * at_total
        for part, source in zip(parts, (own.self.query, own.self.key, own.self.value), strict=True):
            relevance = relevance + linear(x, source.weight, source.bias, joined(part))
    at_summed = layer_norm(summed, places.LayerNorm, relevance)
    return (words / stable(summed) * at_summed).sum(-1), logits[1] - logits[0]


@pytest.mark.parametrize("heads", [3, 4, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_bert_is_the_explicit_propagation(byte_pairs, sequences, heads, seed):
    model = toy_bert(heads, seed).double().eval()
    model.tokenizer = byte_pairs
    maps = explain(model, sequences, progress=False)
    for sequence, relevance, output in zip(sequences, maps.relevance, maps.outputs, strict=True):
        ids = torch.tensor(byte_pairs(sequence)["input_ids"])
        expected, margin = explicit_bert(model, ids)
        assert output == pytest.approx(margin.item(), rel=1e-9)
        assert relevance == pytest.approx(expected.numpy(), abs=1e-8 * expected.abs().max().item())
