"""AttnLRP is exact: against the explicit propagation, and in its ledger."""

import numpy as np
import pytest
import torch
from conftest import random_sequences, randomised, toy_dnabert2
from explicit import explain_one
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from dnalrp.attribution import rules
from dnalrp.attribution.explanation import composite_of, explain
from dnalrp.attribution.maps import LEDGER_TERMS
from dnalrp.attribution.options import ALIBI_READINGS
from dnalrp.errors import InputError
from dnalrp.models.dnabert2 import (
    DnaBert2Config,
    DnaBert2ForSequenceClassification,
    GatedGelu,
    alibi_bias,
)


def made(rule):
    """A rule as a composite makes it, for no module in particular."""
    return rule(nn.Identity(), "", rules.Accounts())


@pytest.mark.parametrize("alibi", ALIBI_READINGS)
@pytest.mark.parametrize("heads", [3, 4, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_modified_gradient_is_the_explicit_propagation(byte_pairs, heads, seed, alibi, monkeypatch):
    # the explicit propagation divides by z itself: let the stabiliser vanish for the comparison
    monkeypatch.setattr(rules, "STABILISER", 0.0)
    model = toy_dnabert2(byte_pairs, heads=heads, seed=seed)
    sequences = random_sequences(4, seed=seed)
    maps = explain(model, sequences, alibi=alibi, progress=False)
    for sequence, relevance, output in zip(sequences, maps.relevance, maps.outputs, strict=True):
        ids = torch.tensor(model.tokenizer(sequence)["input_ids"])
        bias = alibi_bias(heads, len(ids), torch.float64, ids.device)[0]
        expected, margin = explain_one(model, ids, bias, alibi)
        assert output == pytest.approx(margin.item(), rel=1e-10)
        scale = expected.abs().max().item()
        assert relevance == pytest.approx(expected.numpy(), abs=1e-8 * scale)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    heads=st.sampled_from([1, 2, 3, 5, 8, 12]),
    width=st.integers(2, 5),
    layers=st.integers(1, 3),
    intermediate=st.integers(1, 30),
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
def test_any_shape_is_exact_and_accounted_for(
    byte_pairs, heads, width, layers, intermediate, lengths, seed
):
    config = DnaBert2Config(
        vocab_size=64,
        hidden_size=heads * width,
        intermediate_size=intermediate,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        num_labels=2,
    )
    model = randomised(DnaBert2ForSequenceClassification(config), seed).double().eval()
    model.tokenizer = byte_pairs
    sequences = [random_sequences(1, n, n, seed + n)[0] for n in lengths]
    maps = explain(model, sequences, progress=False)
    gap = np.abs(maps.ledger.sum(axis="columns").to_numpy() - maps.outputs)
    assert (gap <= 1e-8 * maps.ledger.abs().max(axis="columns").to_numpy()).all()
    for sequence, relevance in zip(sequences, maps.relevance, strict=True):
        ids = torch.tensor(byte_pairs(sequence)["input_ids"])
        bias = alibi_bias(heads, len(ids), torch.float64, ids.device)[0]
        expected, _ = explain_one(model, ids, bias, "absorb")
        assert relevance == pytest.approx(expected.numpy(), abs=1e-8 * expected.abs().max().item())


@pytest.mark.parametrize("heads", [3, 4, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_cp_lrp_is_the_explicit_propagation(byte_pairs, heads, seed):
    model = toy_dnabert2(byte_pairs, heads=heads, seed=seed)
    sequences = random_sequences(3, seed=seed)
    maps = explain(model, sequences, "cp_lrp", progress=False)
    for sequence, relevance in zip(sequences, maps.relevance, strict=True):
        ids = torch.tensor(model.tokenizer(sequence)["input_ids"])
        bias = alibi_bias(heads, len(ids), torch.float64, ids.device)[0]
        expected, _ = explain_one(model, ids, bias, "absorb", constant=True)
        assert relevance == pytest.approx(expected.numpy(), abs=1e-8 * expected.abs().max().item())
    total = maps.ledger.sum(axis="columns").to_numpy()
    assert total == pytest.approx(maps.outputs, rel=1e-8, abs=1e-10)
    assert (maps.ledger[["alibi", "softmax"]] == 0).all(axis=None)


def test_cp_lrp_conserves_without_biases(dnabert2, sequences):
    with torch.no_grad():
        for name, parameter in dnabert2.named_parameters():
            if name.endswith("bias") or "token_type" in name:
                parameter.zero_()
    maps = explain(dnabert2, sequences, "cp_lrp", progress=False)
    sums = np.array([relevance.sum() for relevance in maps.relevance])
    assert sums == pytest.approx(maps.outputs, rel=1e-8, abs=1e-10)


def test_positional_relevance_is_the_ledgers_alibi_by_distance(dnabert2, sequences):
    maps = explain(dnabert2, sequences, positional=True, batch_size=4, progress=False)
    config = dnabert2.config
    longest = max(map(len, maps.relevance))
    shape = (len(sequences), config.num_hidden_layers, config.num_attention_heads, longest)
    assert maps.positional.shape == shape
    assert maps.positional.sum(axis=(1, 2, 3)) == pytest.approx(maps.ledger["alibi"].to_numpy())
    assert (maps.positional[..., 0] == 0).all()  # no distance, no bias
    places = maps.layer_ledger[maps.layer_ledger["term"] == "alibi"]
    first = places[places["place"].str.contains("layer.0.")].set_index("sequence")["relevance"]
    assert maps.positional[:, 0].sum(axis=(1, 2)) == pytest.approx(first.sort_index().to_numpy())
    for row, relevance in enumerate(maps.relevance):
        assert (maps.positional[row, ..., len(relevance) :] == 0).all()


@pytest.mark.parametrize("alibi", ALIBI_READINGS)
@pytest.mark.parametrize("heads", [4, 12])
def test_ledger_accounts_for_the_whole_output(byte_pairs, sequences, heads, alibi):
    model = toy_dnabert2(byte_pairs, heads=heads)
    maps = explain(model, sequences, alibi=alibi, batch_size=4, progress=False)
    assert tuple(maps.ledger.columns) == LEDGER_TERMS
    total = maps.ledger.sum(axis="columns").to_numpy()
    assert total == pytest.approx(maps.outputs, rel=1e-8, abs=1e-10)
    by_place = maps.layer_ledger.groupby("sequence")["relevance"].sum().to_numpy()
    assert by_place == pytest.approx(maps.outputs, rel=1e-8, abs=1e-10)


def test_ledger_closes_in_single_precision(byte_pairs, sequences):
    maps = explain(toy_dnabert2(byte_pairs).float(), sequences, progress=False)
    total = maps.ledger.sum(axis="columns").to_numpy()
    largest = maps.ledger.abs().max(axis="columns").to_numpy()
    assert np.all(np.abs(total - maps.outputs) < 1e-4 * largest)


def test_half_precision_gives_nearly_the_same_map(byte_pairs, sequences):
    exact = explain(toy_dnabert2(byte_pairs), sequences, progress=False)
    half = explain(toy_dnabert2(byte_pairs).bfloat16(), sequences, progress=False)
    for a, b in zip(exact.relevance, half.relevance, strict=True):
        assert b.dtype == np.float32
        assert np.corrcoef(a, b)[0, 1] > 0.95


def test_every_module_is_replaced_and_counted(dnabert2):
    with composite_of(dnabert2, "attnlrp").on(dnabert2) as ruled:
        layers = dnabert2.config.num_hidden_layers
        assert dict(ruled.counts) == {
            "Embedding": 1,  # of the token type; the words are what is explained
            "LayerNorm": 1 + 2 * layers,
            "Linear": 4 * layers + 2,
            "AlibiAttention": layers,
            "GatedGelu": layers,
            "Tanh": 1,
        }


def test_forward_pass_is_unchanged(dnabert2, sequences):
    batch = dnabert2.tokenizer(sequences, padding=True, return_tensors="pt")
    with torch.no_grad(), composite_of(dnabert2, "attnlrp").on(dnabert2) as ruled:
        torch.testing.assert_close(
            ruled.model(**batch).logits, dnabert2(**batch).logits, rtol=1e-12, atol=1e-12
        )


def test_unknown_module_is_refused_by_name(dnabert2):
    dnabert2.bert.pooler.activation = nn.Softsign()
    with pytest.raises(InputError, match=r"'bert.pooler.activation' is a Softsign"):
        explain(dnabert2, ["ACGT"], progress=False)


def test_model_is_left_as_it_was(dnabert2, sequences):
    dnabert2.train()
    modules = dict(dnabert2.named_modules())
    explain(dnabert2, sequences, progress=False)
    assert dict(dnabert2.named_modules()) == modules
    assert all(type(a) is type(modules[n]) for n, a in dnabert2.named_modules())
    assert dnabert2.training
    assert all(p.grad is None and p.requires_grad for p in dnabert2.parameters())


def test_model_is_left_as_it_was_after_an_error(dnabert2):
    state = {name: value.clone() for name, value in dnabert2.state_dict().items()}
    with pytest.raises(InputError, match="target 7"):
        explain(dnabert2, ["ACGT"], target=7, progress=False)
    assert all(torch.equal(state[name], v) for name, v in dnabert2.state_dict().items())
    loss = dnabert2(**dnabert2.tokenizer("ACGTACGT", return_tensors="pt")).logits.sum()
    loss.backward()
    assert dnabert2.classifier.weight.grad is not None


def test_gate_halves_and_uses_phi():
    x = torch.randn(3, 5, 8, dtype=torch.float64, requires_grad=True)
    rule = made(rules.GatedGeluRule)
    (gradient,) = torch.autograd.grad(rule(x).sum(), x)
    torch.testing.assert_close(rule(x), GatedGelu()(x))
    u, w = x.detach().chunk(2, -1)
    half = (torch.nn.functional.gelu(u) * w) / 2
    torch.testing.assert_close(x.detach() * gradient, torch.cat([half, half], -1))


@pytest.mark.parametrize(
    ("rule", "plain"),
    [(made(rules.TanhRule), torch.tanh), (made(rules.GeluRule), nn.functional.gelu)],
)
def test_identity_rules_keep_relevance(rule, plain):
    x = torch.tensor([-3.0, -1e-9, 0.0, 1e-9, 0.5, 4.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(rule(x).sum(), x)
    torch.testing.assert_close(rule(x), plain(x))
    torch.testing.assert_close(x.detach() * gradient, plain(x).detach())
    assert torch.isfinite(gradient).all()
