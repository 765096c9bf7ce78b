"""Methods that read attention, against known answers."""

import numpy as np
import pytest
import torch
from embedding import embedded, renamed, state

from dnalrp.attribution.attention import attention_maps
from dnalrp.attribution.methods.attention_rollout import rollout
from dnalrp.attribution.methods.attention_x_gradient import attention_x_gradient
from dnalrp.errors import InputError
from dnalrp.models.prediction import margin


def softmaxed(seed, layers=3, tokens=5):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(layers, 2, 4, tokens, tokens, generator=generator, dtype=torch.float64)
    return list(logits.softmax(dim=-1))


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
