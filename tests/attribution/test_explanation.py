"""The one call: its order, batches, targets, methods and errors."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from conftest import toy_dnabert2, toy_masked_lm
from scipy.special import softmax

import dnalrp
from dnalrp.attribution.explanation import iterate_relevance, methods
from dnalrp.attribution.storage import read_attributions, write_attributions
from dnalrp.attribution.targets import MaskedToken, Target
from dnalrp.errors import InputError
from dnalrp.models.prediction import length_batches


def all_methods(model):
    return [(model, method) for method in methods(model)]


@pytest.mark.parametrize("kind", ["dnabert2", "cnn"])
def test_order_batch_and_padding_do_not_change_a_map(kind, request, sequences):
    model = request.getfixturevalue(kind)
    for method in methods(model):
        one = dnalrp.explain(model, sequences, method, batch_size=1, progress=False)
        many = dnalrp.explain(model, sequences[::-1], method, batch_size=4, progress=False)
        assert one.outputs == pytest.approx(many.outputs[::-1], abs=1e-12)
        for a, b in zip(one.relevance, many.relevance[::-1], strict=True):
            assert a == pytest.approx(b, abs=1e-10)


def test_gradient_x_input_is_input_times_gradient(dnabert2):
    maps = dnalrp.explain(dnabert2, ["ACGTTGCA"], "gradient_x_input", progress=False)
    batch = dnabert2.tokenizer("ACGTTGCA", return_tensors="pt")
    words = dnabert2.get_input_embeddings()(batch["input_ids"]).detach().requires_grad_()
    logits = dnabert2(inputs_embeds=words).logits[0]
    (gradient,) = torch.autograd.grad(logits[1] - logits[0], words)
    assert maps.relevance[0] == pytest.approx((words * gradient).sum(-1)[0].detach().numpy())


def test_targets_are_opposite_margins(dnabert2, sequences):
    first, second = (dnalrp.explain(dnabert2, sequences, target=t, progress=False) for t in (0, 1))
    assert first.outputs == pytest.approx(-second.outputs)
    assert first.relevance[0] == pytest.approx(-second.relevance[0])


def test_target_may_be_a_name_a_logit_or_a_probability(byte_pairs, sequences):
    model = toy_dnabert2(byte_pairs, labels=3)
    model.config.label2id = {"none": 0, "weak": 1, "strong": 2}
    named, numbered = (
        dnalrp.explain(model, sequences, target=t, progress=False) for t in ("weak", 1)
    )
    assert named.outputs == pytest.approx(numbered.outputs)
    for quantity, expected in (
        ("logit", named.logits[:, 1]),
        ("probability", softmax(named.logits, axis=1)[:, 1]),
    ):
        maps = dnalrp.explain(model, sequences, target=Target(1, quantity), progress=False)
        assert maps.outputs == pytest.approx(expected)
        total = maps.ledger.sum(axis="columns").to_numpy()
        if quantity == "logit":
            assert total == pytest.approx(maps.outputs, rel=1e-8, abs=1e-10)


def test_masked_token_is_explained(byte_pairs, sequences):
    model = toy_masked_lm(byte_pairs)
    maps = dnalrp.explain(model, sequences, target=MaskedToken(4), progress=False)
    for row, sequence in enumerate(sequences):
        ids = torch.tensor([model.tokenizer(sequence)["input_ids"]])
        spans = maps.spans[row]
        (place,) = np.flatnonzero((spans[:, 0] <= 4) & (spans[:, 1] > 4))
        wanted = ids[0, place].item()
        ids[0, place] = model.tokenizer.mask_token_id
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, place]
        others = torch.cat([logits[:wanted], logits[wanted + 1 :]])
        assert maps.outputs[row] == pytest.approx((logits[wanted] - others.max()).item())
    total = maps.ledger.sum(axis="columns").to_numpy()
    assert total == pytest.approx(maps.outputs, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (MaskedToken(999), "position 999 lies outside sequence 0"),
        (MaskedToken(0, "ACGTACGTACGT"), "is not in the model's vocabulary"),
        (1, "give a MaskedToken"),
    ],
)
def test_mistaken_masked_targets_get_one_clear_line(byte_pairs, target, message):
    with pytest.raises(InputError, match=message):
        dnalrp.explain(toy_masked_lm(byte_pairs), ["ACGTAC"], target=target, progress=False)


def test_weights_that_are_not_finite_are_refused(dnabert2):
    with torch.no_grad():
        dnabert2.classifier.weight[0, 0] = torch.nan
    with pytest.raises(InputError, match="output of sequence 0 is nan"):
        dnalrp.explain(dnabert2, ["ACGT"], progress=False)


@pytest.mark.parametrize("kind", ["dnabert2", "cnn"])
def test_training_mode_does_not_change_a_map(kind, request, sequences):
    model = request.getfixturevalue(kind)
    for method in methods(model):
        expected = dnalrp.explain(model, sequences[-2:], method, progress=False)
        model.train()
        maps = dnalrp.explain(model, sequences[-2:], method, progress=False)
        assert model.training
        model.eval()
        for a, b in zip(maps.relevance, expected.relevance, strict=True):
            assert a == pytest.approx(b, abs=1e-12)


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_input"])
def test_gap_is_stored_where_the_method_has_one(dnabert2, sequences, tmp_path, method):
    names = [f"s{i}" for i in range(len(sequences))]

    batches = iterate_relevance(
        dnabert2, sequences, method, batch_size=4, progress=False, ids=names
    )
    write_attributions(tmp_path / "maps.h5", batches, {})
    read = read_attributions(tmp_path / "maps.h5", names).gap
    expected = dnalrp.explain(dnabert2, sequences, method, progress=False).gap
    if method == "gradient_x_input":
        assert read is expected is None
    else:
        assert read == pytest.approx(expected, abs=1e-9)


def test_default_target_of_three_classes_is_the_predicted_one(byte_pairs, sequences):
    maps = dnalrp.explain(toy_dnabert2(byte_pairs, labels=3), sequences, progress=False)
    ranked = np.sort(maps.logits, axis=1)
    assert maps.outputs == pytest.approx(ranked[:, -1] - ranked[:, -2])


def test_spans_tile_every_sequence(dnabert2, sequences):
    maps = dnalrp.explain(dnabert2, sequences, progress=False)
    for sequence, spans in zip(sequences, maps.spans, strict=True):
        assert spans[0].tolist() == spans[-1].tolist() == [0, 0]
        inner = spans[1:-1]
        assert inner[0, 0] == 0 and inner[-1, 1] == len(sequence)
        assert (inner[1:, 0] == inner[:-1, 1]).all()


def test_lower_case_is_the_same_sequence(dnabert2):
    upper, lower = (dnalrp.explain(dnabert2, [s], progress=False) for s in ("ACGGT", "acggt"))
    assert upper.relevance[0] == pytest.approx(lower.relevance[0])


def test_threads_do_not_disturb_each_other(dnabert2, sequences):
    expected = dnalrp.explain(dnabert2, sequences, progress=False).relevance[0]
    plain = dnalrp.explain(dnabert2, sequences, "gradient_x_input", progress=False).relevance[0]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(dnalrp.explain, dnabert2, sequences, method, progress=False)
            for method in ("attnlrp", "gradient_x_input") * 4
        ]
    for index, job in enumerate(jobs):
        reference = plain if index % 2 else expected
        assert job.result().relevance[0] == pytest.approx(reference, abs=1e-10)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_callers_without_gradients_get_the_same_map(dnabert2, context):
    expected = dnalrp.explain(dnabert2, ["ACGTTT"], progress=False).relevance[0]
    with context():
        assert dnalrp.explain(dnabert2, ["ACGTTT"], progress=False).relevance[0] == pytest.approx(
            expected
        )


@pytest.mark.parametrize("sequence", ["A", "NNNN", "N"])
def test_shortest_and_unknown_sequences_have_finite_maps(dnabert2, cnn, sequence):
    for model, method in all_methods(dnabert2) + all_methods(cnn):
        maps = dnalrp.explain(model, [sequence], method, progress=False)
        assert np.isfinite(maps.relevance[0]).all()
        assert maps.nucleotides().shape == (1, len(sequence))


def test_a_hundred_thousand_bases_are_refused_where_attention_is_dense(dnabert2, cnn):
    sequence = "ACGTTGCA" * 12_500
    with pytest.raises(InputError, match=r"sequence 1: has \d+ tokens, whose attention would take"):
        dnalrp.explain(dnabert2, ["ACGT", sequence], progress=False)
    maps = dnalrp.explain(cnn, [sequence], method="lrp", progress=False)
    assert np.isfinite(maps.relevance[0]).all() and len(maps.relevance[0]) == 100_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": []}, "no sequences"),
        ({"sequences": [""]}, "sequence 0: the sequence is empty"),
        ({"sequences": ["ACGT", "ACRT"]}, "sequence 1: character 'R' at position 3"),
        ({"method": "lrp"}, "'lrp' does not explain a dnabert2"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"sequences": "ACGT"}, "sequences is one string"),
        ({"alibi": "ignore"}, "alibi 'ignore'"),
        ({"target": 2}, "target 2 does not exist"),
        ({"target": "enhancer"}, "target 'enhancer' does not exist"),
        ({"target": Target(1, "odds")}, "quantity 'odds'"),
        ({"target": MaskedToken(1)}, "explains a masked-language model"),
        ({"method": "random", "positional": True}, "'random' has no positional relevance"),
    ],
)
def test_mistakes_get_one_clear_line(dnabert2, arguments, message):
    with pytest.raises(InputError, match=message) as error:
        dnalrp.explain(dnabert2, **{"sequences": ["ACGT"], "progress": False} | arguments)
    assert "\n" not in str(error.value)


def test_padding_is_under_five_percent_of_all_tokens():
    lengths = np.random.default_rng(0).integers(10, 250, 2000).tolist()
    batches = list(length_batches(lengths, 64))
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    assert sorted(i for batch in batches for i in batch) == list(range(2000))
    assert sum(lengths) / padded > 0.95
