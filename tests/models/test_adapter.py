"""A low-rank adapter trains few parameters and leaves a plain model behind."""

import pytest
import torch
from conftest import random_sequences, toy_cnn, toy_dnabert2
from peft.tuners.lora import LoraLayer

import dnalrp
from dnalrp.errors import InputError
from dnalrp.models.adapter import merge_adapter, with_adapter
from dnalrp.models.prediction import predict
from dnalrp.models.training_settings import Adapter

ADAPTER = Adapter(rank=2, alpha=4, dropout=0.1)


def moved(adapted):
    """The adapter away from its start, where it changes nothing."""
    generator = torch.Generator().manual_seed(3)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator).to(parameter) * 0.3
    return adapted


def test_only_adapter_and_classifier_are_trained(dnabert2):
    total = sum(p.numel() for p in dnabert2.parameters())
    adapted = with_adapter(dnabert2, ADAPTER, seed=1)
    trained = {name: p.numel() for name, p in adapted.named_parameters() if p.requires_grad}
    assert all("lora_" in name or ".classifier." in name for name in trained)
    assert sum(".classifier." in name for name in trained) == 2  # weight and bias
    # four linear layers in each of two layers, and the pooler: A and B for each
    assert sum("lora_" in name for name in trained) == 2 * (4 * 2 + 1)
    assert sum(trained.values()) < total / 2


def test_every_linear_layer_of_the_encoder_gets_one(dnabert2):
    linear = {n for n, m in dnabert2.bert.named_modules() if isinstance(m, torch.nn.Linear)}
    adapted = with_adapter(dnabert2, ADAPTER, seed=1).base_model.model.bert
    assert {n for n, m in adapted.named_modules() if isinstance(m, LoraLayer)} == linear


def test_same_seed_same_adapter_and_the_global_generator_is_left_alone(byte_pairs):
    models = [toy_dnabert2(byte_pairs) for _ in range(3)]
    before = torch.get_rng_state()
    first, second, other = (
        with_adapter(model, ADAPTER, seed).state_dict()
        for model, seed in zip(models, (1, 1, 2), strict=True)
    )
    assert torch.equal(torch.get_rng_state(), before)
    name = next(name for name in first if "lora_A" in name)
    assert torch.equal(first[name], second[name])
    assert not torch.equal(first[name], other[name])


def test_merged_outputs_are_those_of_the_adapter(dnabert2, sequences):
    plain = predict(dnabert2, sequences)
    names, modules = set(dnabert2.state_dict()), {type(m) for m in dnabert2.modules()}
    adapted = moved(with_adapter(dnabert2, ADAPTER, seed=1)).eval()
    expected = predict(dnabert2, sequences)
    assert abs(expected - plain).max() > 0.01
    merged = merge_adapter(adapted)
    assert merged is dnabert2
    torch.testing.assert_close(predict(merged, sequences), expected, rtol=1e-10, atol=1e-10)
    assert set(merged.state_dict()) == names
    assert {type(module) for module in merged.modules()} == modules
    assert all(parameter.requires_grad for parameter in merged.parameters())


def test_a_merged_model_is_saved_loaded_and_explained_as_any_other(tmp_path, dnabert2):
    merged = merge_adapter(moved(with_adapter(dnabert2, ADAPTER, seed=1))).eval().float()
    merged.save_pretrained(tmp_path)
    merged.tokenizer.save_pretrained(tmp_path)
    assert not list(tmp_path.glob("adapter*"))
    loaded, texts = dnalrp.load(tmp_path), random_sequences(4, seed=5)
    torch.testing.assert_close(predict(loaded, texts), predict(merged, texts))
    maps = dnalrp.explain(loaded.double(), texts, method="attnlrp", progress=False)
    torch.testing.assert_close(maps.ledger.sum(axis=1).to_numpy(), maps.outputs)


def test_a_model_without_encoder_is_refused():
    with pytest.raises(InputError, match="no encoder to adapt"):
        with_adapter(toy_cnn(), ADAPTER, seed=1)
