"""AttnLRP on the library's own encoders, tiny and random, against explicit propagation."""

import numpy as np
import pytest
import torch
from conftest import random_sequences, randomised
from explicit_encoders import EXPLAIN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_encoders import MODELS, POSITIONS
from transformers import (
    BertForMaskedLM,
    EsmForMaskedLM,
    ModernBertForMaskedLM,
)

from dnalrp.attribution.attention import attention_maps
from dnalrp.attribution.explanation import explain, methods
from dnalrp.attribution.targets import MaskedToken
from dnalrp.errors import InputError
from dnalrp.models.prediction import padded_batch, predict
from dnalrp.models.tokenizer import token_ids


@pytest.fixture(params=MODELS)
def encoder(request, byte_pairs):
    model = MODELS[request.param](4, 0).double().eval()
    model.tokenizer = byte_pairs
    return model


def rotary(model):
    position = getattr(model.config, "position_embedding_type", "absolute")
    return model.config.model_type == "modernbert" or position == "rotary"


def test_outputs_are_the_models_own(encoder, sequences):
    maps = explain(encoder, sequences, progress=False)
    batch = encoder.tokenizer(sequences, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = encoder(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    # transformers rotates queries and keys in single precision, the rules in the model's own
    assert maps.logits == pytest.approx(
        logits.logits.numpy(), abs=1e-6 if rotary(encoder) else 1e-9
    )


def test_outputs_in_single_precision_are_the_models_own(encoder, sequences):
    encoder.float()
    maps = explain(encoder, sequences, progress=False)
    assert maps.logits == pytest.approx(predict(encoder, sequences), rel=1e-4, abs=1e-4)


def test_ledger_accounts_for_the_whole_output(encoder, sequences):
    maps = explain(encoder, sequences, progress=False)
    gap = np.abs(maps.ledger.sum(axis="columns").to_numpy() - maps.outputs)
    largest = maps.ledger.abs().max(axis="columns").to_numpy()
    assert (gap < 1e-8 * largest).all()


def test_order_batch_and_padding_do_not_change_a_map(encoder, sequences):
    chosen = ["ACGTTNGCATG", "A"]
    for method in methods(encoder):
        if method == "integrated_gradients":  # slow, and in batches of unequal length below
            continue
        one = explain(encoder, chosen, method, batch_size=1, progress=False)
        many = explain(encoder, chosen[::-1], method, batch_size=2, progress=False)
        assert one.outputs == pytest.approx(many.outputs[::-1], abs=1e-12)
        for a, b in zip(one.relevance, many.relevance[::-1], strict=True):
            assert a == pytest.approx(b, abs=1e-10)


@pytest.mark.parametrize("sequence", ["A", "NNNN", "N"])
def test_shortest_and_unknown_sequences_have_finite_maps(encoder, sequence):
    for method in methods(encoder):
        maps = explain(encoder, [sequence], method, progress=False)
        assert np.isfinite(maps.relevance[0]).all()
        assert maps.nucleotides().shape == (1, len(sequence))


def test_integrated_gradients_sum_to_the_change_from_masked_tokens(encoder, sequences):
    chosen = sequences[-2:]
    maps = explain(encoder, chosen, "integrated_gradients", progress=False)
    outputs = predict(encoder, chosen) @ [-1, 1]
    tokenizer, words = encoder.tokenizer, encoder.get_input_embeddings().weight
    layout = [tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id]
    with torch.no_grad():  # a model that reads every token but those as [MASK]
        for token in set(range(len(words))) - set(layout):
            words[token] = words[tokenizer.mask_token_id]
    change = outputs - predict(encoder, chosen) @ [-1, 1]
    sums = np.array([relevance.sum() for relevance in maps.relevance])
    assert sums - maps.gap == pytest.approx(change, abs=1e-5)


def test_attention_is_the_models_own(encoder, sequences):
    encoder.float()  # in float64 transformers' eager ModernBERT overflows its mask to NaN
    batch = padded_batch(encoder, token_ids(encoder.tokenizer, sequences))
    maps = attention_maps(encoder, batch["input_ids"], batch["attention_mask"])
    encoder.set_attn_implementation("eager")
    with torch.no_grad():
        expected = encoder(**batch, output_attentions=True).attentions
    kept = batch["attention_mask"].bool()
    for own, other in zip(maps.attentions, expected, strict=True):
        assert own.transpose(1, 2)[kept].numpy() == pytest.approx(
            other.transpose(1, 2)[kept].numpy(), abs=1e-5
        )


@pytest.mark.parametrize("kind", ["bert", "esm absolute"])
def test_sequences_longer_than_the_positions_are_refused(byte_pairs, kind):
    model = MODELS[kind](4, 0).eval()
    model.tokenizer = byte_pairs
    long = random_sequences(1, 900, 900)
    tokens = len(byte_pairs(long[0])["input_ids"])
    limit = POSITIONS - (4 if kind == "esm absolute" else 0)
    message = f"sequence 1: has {tokens} tokens but the model positions for {limit}; shorten it"
    for call in (explain, predict):
        with pytest.raises(InputError, match=message):
            call(model, ["ACGT", *long])


def test_rotary_models_take_sequences_of_any_length(byte_pairs):
    model = MODELS["esm"](4, 0).eval()
    model.tokenizer = byte_pairs
    maps = explain(model, random_sequences(1, 900, 900), progress=False)
    assert len(maps.relevance[0]) > POSITIONS


def test_positional_relevance_is_alibis(encoder):
    with pytest.raises(InputError, match="no positional relevance here"):
        explain(encoder, ["ACGT"], positional=True, progress=False)


def test_activation_without_a_rule_is_named(byte_pairs):
    for kind, setting in (("bert", "hidden_act"), ("modernbert", "hidden_activation")):
        model = MODELS[kind](4, 0, **{setting: "silu"}).eval()
        model.tokenizer = byte_pairs
        with pytest.raises(InputError, match="is a SiLUActivation, for which the composite"):
            explain(model, ["ACGT"], progress=False)


MASKED = {"bert": BertForMaskedLM, "esm": EsmForMaskedLM, "modernbert": ModernBertForMaskedLM}


@pytest.mark.parametrize("kind", MASKED)
def test_masked_token_is_explained(byte_pairs, sequences, kind):
    config = MODELS[kind](4, 0).config
    model = randomised(MASKED[kind](config), 1).double().eval()
    model.tokenizer = byte_pairs
    maps = explain(model, sequences, target=MaskedToken(4), progress=False)
    for row, sequence in enumerate(sequences):
        ids = torch.tensor([byte_pairs(sequence)["input_ids"]])
        spans = maps.spans[row]
        (place,) = np.flatnonzero((spans[:, 0] <= 4) & (spans[:, 1] > 4))
        wanted = ids[0, place].item()
        ids[0, place] = byte_pairs.mask_token_id
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, place]
        others = torch.cat([logits[:wanted], logits[wanted + 1 :]])
        expected = (logits[wanted] - others.max()).item()
        assert maps.outputs[row] == pytest.approx(expected, abs=1e-5)
    gap = np.abs(maps.ledger.sum(axis="columns").to_numpy() - maps.outputs)
    assert (gap < 1e-8 * maps.ledger.abs().max(axis="columns").to_numpy()).all()
    with pytest.raises(InputError, match="give a MaskedToken"):
        explain(model, sequences, target=1, progress=False)


def test_model_is_left_as_it_was(encoder, sequences):
    implementation = encoder.config._attn_implementation
    modules = dict(encoder.named_modules())
    explain(encoder, sequences, progress=False)
    assert encoder.config._attn_implementation == implementation
    assert dict(encoder.named_modules()) == modules


def assert_explicit(model, sequences, method="attnlrp"):
    """Maps and ledgers are those of the explicit propagation, each sequence alone."""
    maps = explain(model, sequences, method, progress=False)
    slow = EXPLAIN[model.config.model_type]
    for row, sequence in enumerate(sequences):
        ids = torch.tensor(model.tokenizer(sequence)["input_ids"])
        expected = slow(model, ids, constant=method == "cp_lrp")
        ledger = maps.ledger.loc[row]
        scale = max(expected.relevance.abs().max().item(), ledger.abs().max())
        assert maps.outputs[row] == pytest.approx(expected.output.item(), rel=1e-9)
        assert maps.relevance[row] == pytest.approx(expected.relevance.numpy(), abs=1e-8 * scale)
        for term in ledger.index.drop("words"):
            assert ledger[term] == pytest.approx(expected.kept[term], abs=1e-8 * scale)


@pytest.mark.parametrize("method", ["attnlrp", "cp_lrp"])
@pytest.mark.parametrize("heads", [3, 4, 12])
@pytest.mark.parametrize("kind", MODELS)
def test_modified_gradient_is_the_explicit_propagation(byte_pairs, sequences, kind, heads, method):
    model = MODELS[kind](heads, heads).double().eval()
    model.tokenizer = byte_pairs
    assert_explicit(model, sequences, method)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(MODELS)),
    heads=st.sampled_from([1, 2, 3, 6]),
    layers=st.integers(1, 3),
    intermediate=st.integers(1, 30),
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=3),
    seed=st.integers(0, 1000),
)
def test_any_shape_is_exact_and_accounted_for(
    byte_pairs, kind, heads, layers, intermediate, lengths, seed
):
    sizes = {"num_hidden_layers": layers, "intermediate_size": intermediate}
    model = MODELS[kind](heads, seed, **sizes).double().eval()
    model.tokenizer = byte_pairs
    assert_explicit(model, [random_sequences(1, n, n, seed + n)[0] for n in lengths])
