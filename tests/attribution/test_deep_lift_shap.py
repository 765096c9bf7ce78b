"""DeepLIFT of shuffles, against known answers."""

import numpy as np
import pytest
import torch
from embedding import embedded, renamed, state

from dnalrp.attribution.attention import attention_maps
from dnalrp.attribution.composites import GRADIENT
from dnalrp.attribution.gradients import reference_embeddings
from dnalrp.attribution.methods.deep_lift_shap import deep_lift_shap
from dnalrp.errors import InputError
from dnalrp.models.cnn import RegulatoryCnnConfig, RegulatoryCnnForSequenceClassification
from dnalrp.models.tokenizer import nucleotide_tokenizer


def ids_of(cnn, sequences):
    return torch.tensor(cnn.tokenizer(list(sequences))["input_ids"])


@pytest.fixture
def equally_long():
    rng = np.random.default_rng(5)
    drawn = ["".join(rng.choice(list("ACGT"), size=61)) for _ in range(4)]
    return [*drawn, drawn[0][:20] + "NNN" + drawn[0][23:]]


@pytest.mark.parametrize("length", [61, 32, 3])
def test_deep_lift_shap_leaves_no_gap_on_the_cnn(cnn, equally_long, length):
    """The rules cover all that the CNN does, or relevance would not add up."""
    ids = ids_of(cnn, [sequence[:length] for sequence in equally_long])
    relevance, gap = deep_lift_shap(cnn, ids)
    assert relevance.shape == ids.shape and relevance.dtype == cnn.dtype
    assert gap.abs().max() < 1e-6
    if length > 3:
        assert relevance.abs().max() > 0.01


def test_deep_lift_shap_of_a_motif_detector_is_at_the_motif():
    """Margin 1 with ACG in the sequence and 0 without: all of it belongs to those three."""
    config = RegulatoryCnnConfig(
        filters=1, kernel_size=3, second_filters=1, second_kernel_size=1, hidden_size=1
    )
    model = RegulatoryCnnForSequenceClassification(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.first.convolution.weight[0, [0, 1, 2], [0, 1, 2]] = 1.0
        model.first.convolution.bias.fill_(-2.0)
        for layer in (model.second.convolution, model.dense):
            layer.weight.fill_(1.0)
        model.classifier.weight[1] = 1.0
    ids = torch.tensor(nucleotide_tokenizer()(["TTAGTTGATTACGTTCATCTTGTA"])["input_ids"])
    (relevance,), _ = deep_lift_shap(model, ids, references=20)
    assert 0.5 < relevance[10:13].sum() <= 1.0
    assert relevance[:10].abs().max() < 1e-12 and relevance[13:].abs().max() < 1e-12


def test_targets_of_deep_lift_shap_are_opposite(cnn, equally_long):
    ids = ids_of(cnn, equally_long)
    default, first, second = (deep_lift_shap(cnn, ids, target=t) for t in (None, 0, 1))
    assert torch.equal(default.relevance, second.relevance)
    assert first.relevance.numpy() == pytest.approx(-second.relevance.numpy(), abs=1e-9)


def test_shuffles_depend_on_the_sequence_and_the_seed_only(cnn, equally_long):
    together = deep_lift_shap(cnn, ids_of(cnn, equally_long), batch_size=7).relevance
    reverse = deep_lift_shap(cnn, ids_of(cnn, equally_long[::-1]), references=10).relevance
    assert together.numpy() == pytest.approx(reverse.flip(0).numpy(), abs=1e-9)
    other = deep_lift_shap(cnn, ids_of(cnn, equally_long), seed=1).relevance
    assert (together - other).abs().max() > 1e-3


@pytest.mark.parametrize("sequence", ["A", "AC", "N", "NNNN", "AAAAAAAA"])
def test_sequences_that_no_shuffle_changes_get_nothing(cnn, sequence):
    assert (deep_lift_shap(cnn, ids_of(cnn, [sequence])).relevance == 0).all()


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_deep_lift_shap_leaves_the_model_alone(cnn, equally_long, context):
    ids, before = ids_of(cnn, equally_long), state(cnn.train())
    expected = deep_lift_shap(cnn, ids)
    with context():
        again = deep_lift_shap(cnn, ids)
    assert torch.equal(expected.relevance, again.relevance)
    assert not again.relevance.requires_grad and not again.gap.requires_grad
    assert state(cnn) == before


def test_deep_lift_shap_refuses_what_it_cannot_explain(cnn, dnabert2):
    with pytest.raises(InputError, match="does not explain a dnabert2"):
        deep_lift_shap(dnabert2, torch.zeros(1, 4, dtype=torch.long))
    with pytest.raises(InputError, match="group them by length"):
        deep_lift_shap(cnn, torch.tensor([[0, 1, 5]]))
    with pytest.raises(InputError, match="references 0"):
        deep_lift_shap(cnn, torch.tensor([[0, 1]]), references=0)
    with pytest.raises(InputError, match="target 2 does not exist"):
        deep_lift_shap(cnn, torch.tensor([[0, 1]]), target=2)


def test_twins_under_a_table_can_be_explained(cnn, dnabert2, sequences, equally_long):
    batch, _, _ = embedded(dnabert2, sequences)
    with GRADIENT.on(dnabert2) as ruled:
        maps = attention_maps(ruled.model, **renamed(batch))
        words = reference_embeddings(ruled.model, batch["input_ids"])
    assert torch.equal(maps.logits, attention_maps(dnabert2, **renamed(batch)).logits)
    assert torch.equal(words, reference_embeddings(dnabert2, batch["input_ids"]))
    ids = ids_of(cnn, equally_long)
    with GRADIENT.on(cnn) as ruled:
        relevance = deep_lift_shap(ruled.model, ids).relevance
    assert torch.equal(relevance, deep_lift_shap(cnn, ids).relevance)
