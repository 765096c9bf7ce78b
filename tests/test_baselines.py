"""Baseline methods against known answers: gradients, perturbation, attention, shuffles."""

import numpy as np
import pytest
import torch

from dnalrp.attribution.attention import attention_maps
from dnalrp.attribution.composites import GRADIENT
from dnalrp.attribution.gradients import reference_embeddings
from dnalrp.attribution.methods.attention_rollout import rollout
from dnalrp.attribution.methods.attention_x_gradient import attention_x_gradient
from dnalrp.attribution.methods.deep_lift_shap import deep_lift_shap
from dnalrp.attribution.methods.integrated_gradients import integrated_gradients
from dnalrp.attribution.methods.mutagenesis import mutagenesis
from dnalrp.attribution.methods.occlusion import occlusion
from dnalrp.attribution.methods.saliency import saliency
from dnalrp.errors import InputError
from dnalrp.models.cnn import RegulatoryCnnConfig, RegulatoryCnnForSequenceClassification
from dnalrp.models.prediction import margin, padded_batch
from dnalrp.models.tokenizer import nucleotide_tokenizer


def embedded(model, sequences):
    """Padded ids and words of sequences, and the closure that the gradient methods take."""
    batch = padded_batch(model, model.tokenizer(list(sequences))["input_ids"])
    words = model.get_input_embeddings()(batch["input_ids"]).detach().to(model.dtype)

    def outputs(words):
        return margin(model(inputs_embeds=words, attention_mask=batch["attention_mask"]).logits, 1)

    return batch, words, outputs


def linear(weight):
    return lambda words: (words * weight).sum(dim=(1, 2)) + 3.0


def softmaxed(seed, layers=3, tokens=5):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(layers, 2, 4, tokens, tokens, generator=generator, dtype=torch.float64)
    return list(logits.softmax(dim=-1))


def cytosines(sequences):
    return np.array([sequence.count("C") for sequence in sequences], dtype=float)


def state(model):
    hooks = [
        len(group)
        for module in model.modules()
        for group in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
    ]
    parameters = [(p.requires_grad, p.grad is None) for p in model.parameters()]
    return hooks, parameters, model.training, [sorted(m.__dict__) for m in model.modules()]


# gradients


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


# perturbation


def test_mutagenesis_of_a_count_finds_what_is_counted():
    asked = []

    def outputs(sequences):
        asked.append(list(sequences))
        return cytosines(sequences)

    relevance = mutagenesis(outputs, "acgNC")
    assert relevance == pytest.approx([-1 / 3, 1.0, -1 / 3, 0.0, 1.0])
    assert len(asked) == 1 and asked[0][0] == "ACGNC"
    assert sorted(asked[0][1:4]) == ["CCGNC", "GCGNC", "TCGNC"]
    assert len(set(asked[0])) == 3 * 4 + 1


@pytest.mark.parametrize("sequence", ["N", "NNN"])
def test_mutagenesis_of_unknown_nucleotides_is_zero(sequence):
    assert mutagenesis(cytosines, sequence).tolist() == [0.0] * len(sequence)


def test_mutagenesis_tokenises_anew(dnabert2):
    def outputs(sequences):
        with torch.no_grad():
            _, words, closure = embedded(dnabert2, sequences)
            return closure(words).numpy()

    sequence = "ACGGTNACGT"
    relevance = mutagenesis(outputs, sequence)
    for place in (0, 4, 9):
        others = [sequence[:place] + s + sequence[place + 1 :] for s in set("ACGT")]
        changed = [outputs([other])[0] for other in others if other != sequence]
        assert relevance[place] == pytest.approx(outputs([sequence])[0] - np.mean(changed))
    assert relevance[5] == 0


def test_occlusion_of_a_count_is_the_count_in_each_span():
    spans = np.array([[0, 0], [0, 3], [3, 4], [4, 6], [0, 0]])
    assert occlusion(cytosines, "CCGTNC", spans).tolist() == [0, 2, 0, 1, 0]
    assert occlusion(cytosines, "CCGTNC", spans, fill="C").tolist() == [0, -1, -1, -1, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mutagenesis(cytosines, ""), "the sequence is empty"),
        (lambda: mutagenesis(cytosines, "ACR"), "character 'R' at position 3"),
        (lambda: occlusion(cytosines, "ACG", [(0, 4)]), "leaves the sequence of 3 nucleotides"),
        (lambda: occlusion(cytosines, "ACG", [(0, 1)], fill="-"), "fill '-'"),
    ],
)
def test_mistakes_in_perturbation_get_one_clear_line(call, message):
    with pytest.raises(InputError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


# attention


def test_attention_is_kept_without_a_change_of_the_output(dnabert2, sequences):
    batch, _, _ = embedded(dnabert2, sequences)
    before = state(dnabert2)
    maps = attention_maps(dnabert2, **renamed(batch), target=1)
    logits = dnabert2(**batch).logits.detach()
    assert maps.logits.numpy() == pytest.approx(logits.numpy(), abs=1e-12)
    assert len(maps.attentions) == len(maps.gradients) == dnabert2.config.num_hidden_layers
    for attention, gradient in zip(maps.attentions, maps.gradients, strict=True):
        tokens = batch["input_ids"].shape[1]
        assert attention.shape == gradient.shape == (len(sequences), 4, tokens, tokens)
        assert attention.sum(dim=-1).numpy() == pytest.approx(np.ones(attention.shape[:-1]))
        assert not attention.requires_grad
    assert state(dnabert2) == before


def renamed(batch):
    return {"input_ids": batch["input_ids"], "mask": batch["attention_mask"]}


def test_gradient_at_the_attention_predicts_a_small_change(dnabert2, monkeypatch):
    batch, _, _ = embedded(dnabert2, ["ACGTTGCAAC"])
    maps = attention_maps(dnabert2, **renamed(batch), target=1)
    product = dnabert2.bert.encoder.layer[-1].attention.self.product
    moved = torch.randn(maps.attentions[-1].shape, dtype=torch.float64) * 1e-6
    changed = maps.attentions[-1] + moved
    monkeypatch.setattr(product, "forward", lambda query, key, value, bias: changed @ value)
    with torch.no_grad():
        after = margin(dnabert2(**batch).logits, 1)
    expected = (maps.gradients[-1] * moved).sum()
    assert float(after - margin(maps.logits, 1)) == pytest.approx(float(expected), rel=1e-3)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_attention_works_without_gradients(dnabert2, sequences, context):
    batch, _, _ = embedded(dnabert2, sequences)
    expected = attention_maps(dnabert2, **renamed(batch))
    with context():
        maps = attention_maps(dnabert2, **renamed(batch))
    for one, other in zip(expected.gradients, maps.gradients, strict=True):
        assert torch.equal(one, other)


def test_rollout_of_identities_stays_at_the_first_token():
    identity = torch.eye(4).expand(2, 3, 4, 4)
    row = rollout([identity] * 5, torch.ones(2, 4, dtype=torch.long))
    assert row.tolist() == [[1.0, 0.0, 0.0, 0.0]] * 2


def test_rollout_is_the_first_row_of_the_product():
    attentions, mask = softmaxed(0), torch.ones(2, 5, dtype=torch.long)
    joint = [0.5 * a.mean(dim=1) + 0.5 * torch.eye(5) for a in attentions]
    expected = (joint[2] @ joint[1] @ joint[0])[:, 0]
    row = rollout(attentions, mask)
    assert row.numpy() == pytest.approx(expected.numpy())
    assert row.sum(dim=1).numpy() == pytest.approx(np.ones(2))


def test_attention_x_gradient_is_the_first_row_of_the_recursion():
    attentions, mask = softmaxed(0), torch.ones(2, 5, dtype=torch.long)
    gradients = [a - 0.2 for a in softmaxed(1)]
    expected = torch.eye(5, dtype=torch.float64)
    for attention, gradient in zip(attentions, gradients, strict=True):
        expected = expected + (attention * gradient).clamp(min=0).mean(dim=1) @ expected
    row = attention_x_gradient(attentions, gradients, mask)
    assert row.numpy() == pytest.approx(expected[:, 0].numpy())


def test_padding_gets_nothing_and_takes_nothing():
    attentions, gradients = softmaxed(0), softmaxed(1)
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    for row in (rollout(attentions, mask), attention_x_gradient(attentions, gradients, mask)):
        assert (row[0, 3:] == 0).all() and (row >= 0).all() and (row[mask == 1] > 0).all()
    assert rollout(attentions, mask).sum(dim=1).numpy() == pytest.approx(np.ones(2))
    only_padding = torch.zeros(1, 2, 3, 3)
    only_padding[..., 0, 1] = 1.0
    only_padding[..., 1:, 2] = 1.0
    row = rollout([only_padding] * 2, torch.tensor([[1, 1, 0]]))
    assert row.tolist() == [[0.25, 0.75, 0.0]]


def test_attention_methods_do_not_depend_on_the_batch(dnabert2, sequences):
    batch, _, _ = embedded(dnabert2, sequences)
    together = attention_maps(dnabert2, **renamed(batch))
    rows = rollout(together.attentions, batch["attention_mask"])
    signed = attention_x_gradient(*together[:2], batch["attention_mask"])
    for index, sequence in enumerate(sequences):
        alone, _, _ = embedded(dnabert2, [sequence])
        maps, mask = attention_maps(dnabert2, **renamed(alone)), alone["attention_mask"]
        own = mask.shape[1]
        assert rows[index, :own].numpy() == pytest.approx(rollout(maps.attentions, mask)[0].numpy())
        expected = attention_x_gradient(maps.attentions, maps.gradients, mask)[0]
        assert signed[index, :own].numpy() == pytest.approx(expected.numpy())
        assert (rows[index, own:] == 0).all() and (signed[index, own:] == 0).all()


def test_models_and_layers_without_attention_are_refused(cnn):
    batch, _, _ = embedded(cnn, ["ACGT"])
    with pytest.raises(InputError, match="has no attention"):
        attention_maps(cnn, **renamed(batch))
    with pytest.raises(InputError, match="no attention layers"):
        rollout([], torch.ones(1, 2))


# shuffles


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
