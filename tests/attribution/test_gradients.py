"""Gradient methods against known answers."""

import numpy as np
import pytest
import torch
from embedding import embedded, state

from dnalrp.attribution.gradients import reference_embeddings
from dnalrp.attribution.methods.integrated_gradients import integrated_gradients
from dnalrp.attribution.methods.saliency import saliency
from dnalrp.errors import InputError
from dnalrp.models.prediction import padded_batch


def linear(weight):
    return lambda words: (words * weight).sum(dim=(1, 2)) + 3.0


def test_saliency_of_a_linear_function_is_the_norm_of_its_weights():
    weight, words = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    assert saliency(linear(weight), words).numpy() == pytest.approx(weight.norm(dim=-1).numpy())


def test_saliency_is_the_norm_of_the_models_gradient(dnabert2, sequences):
    _, words, outputs = embedded(dnabert2, sequences)
    start = words.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(outputs(start).sum(), start)
    expected = gradient.pow(2).sum(dim=-1).sqrt()
    assert saliency(outputs, words).numpy() == pytest.approx(expected.numpy())


def test_integrated_gradients_of_a_linear_function_are_its_terms():
    weight, words, baseline = torch.randn(3, 2, 3, 4, dtype=torch.float64).unbind(0)
    for start in (baseline, baseline[:1], torch.zeros(())):
        relevance, gap = integrated_gradients(linear(weight), words, start, steps=7)
        expected = ((words - start) * weight).sum(dim=-1)
        assert relevance.numpy() == pytest.approx(expected.numpy(), abs=1e-6)
        assert gap.numpy() == pytest.approx(np.zeros(2), abs=1e-6)


@pytest.mark.parametrize("kind", ["dnabert2", "cnn"])
def test_integrated_gradients_sum_to_the_change_of_the_output(kind, request, sequences):
    model = request.getfixturevalue(kind)
    batch, words, outputs = embedded(model, sequences[-2:])
    baseline = reference_embeddings(model, batch["input_ids"])
    change = (outputs(words) - outputs(baseline)).detach()
    coarse, fine = (integrated_gradients(outputs, words, baseline, n) for n in (3, 200))
    assert (fine.relevance.sum(dim=1) - fine.gap).numpy() == pytest.approx(change.numpy())
    assert fine.gap.abs().max() < 0.02 * change.abs().max()
    assert fine.gap.abs().sum() < coarse.gap.abs().sum()
    padding = batch["attention_mask"] == 0
    assert padding.any() and (fine.relevance[padding] == 0).all()


def test_reference_of_a_token_model_masks_all_but_the_layout(dnabert2):
    ids = padded_batch(dnabert2, dnabert2.tokenizer(["ACGTNACG", "ACGT" * 9])["input_ids"])
    tokenizer, ids = dnabert2.tokenizer, ids["input_ids"]
    layout = [tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id]
    expected = [
        [token if token in layout else tokenizer.mask_token_id for token in row]
        for row in ids.tolist()
    ]
    words = dnabert2.get_input_embeddings()(torch.tensor(expected)).detach()
    assert torch.equal(reference_embeddings(dnabert2, ids), words)
    assert not reference_embeddings(dnabert2, ids).requires_grad


def test_reference_without_a_mask_token_is_padding(dnabert2, monkeypatch):
    monkeypatch.setattr(dnabert2, "tokenizer", NoMask())
    words = dnabert2.get_input_embeddings()(torch.tensor([[1, 3, 3, 2]])).detach()
    assert torch.equal(reference_embeddings(dnabert2, torch.tensor([[1, 7, 9, 2]])), words)
    monkeypatch.setattr(NoMask, "pad_token_id", None)
    with pytest.raises(InputError, match="neither a"):
        reference_embeddings(dnabert2, torch.tensor([[1, 7, 9, 2]]))


class NoMask:
    mask_token_id, pad_token_id, cls_token_id, sep_token_id = None, 3, 1, 2
    bos_token_id = eos_token_id = None


def test_reference_of_the_cnn_is_uniform_where_there_is_a_nucleotide(cnn):
    reference = reference_embeddings(cnn, torch.tensor([[0, 3, 4, 5]]))
    assert reference.dtype == cnn.dtype
    assert reference.tolist() == [[[0.25] * 4, [0.25] * 4, [0.0] * 4, [0.0] * 4]]


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("kind", ["dnabert2", "cnn"])
def test_gradients_work_without_gradients_and_leave_the_model_alone(
    kind, request, sequences, context
):
    model = request.getfixturevalue(kind)
    batch, words, outputs = embedded(model, sequences)
    expected = saliency(outputs, words)
    start = reference_embeddings(model, batch["input_ids"])
    path = integrated_gradients(outputs, words, start, steps=4).relevance
    for frozen in (False, True):
        for parameter in list(model.parameters())[::2]:
            parameter.requires_grad_(not frozen)
        before, kept = state(model), words.clone()
        with context():
            inner = words.clone()
            start = reference_embeddings(model, batch["input_ids"])
            lengths = saliency(outputs, inner)
            again = integrated_gradients(outputs, inner, start, steps=4)
        assert lengths.numpy() == pytest.approx(expected.numpy(), abs=1e-12)
        assert again.relevance.numpy() == pytest.approx(path.numpy(), abs=1e-12)
        assert not again.relevance.requires_grad and not again.gap.requires_grad
        assert state(model) == before and torch.equal(words, kept) and not words.requires_grad


def test_no_steps_are_refused():
    with pytest.raises(InputError, match="steps 0: give 1 or more"):
        integrated_gradients(linear(torch.ones(1, 2, 3)), torch.ones(1, 2, 3), torch.zeros(1), 0)
