"""LRP on the CNN is exact: against the explicit propagation, zennit, and in its ledger."""

import copy
import importlib.util
import sys
import types

import numpy as np
import pytest
import torch
from conftest import random_sequences, toy_cnn
from explicit_cnn import explain_one, through_convolution, through_linear
from torch import nn

from dnalrp.attribution.composites import GRADIENT
from dnalrp.attribution.convolution import AlphaBeta, Epsilon, Gamma
from dnalrp.attribution.explanation import explain
from dnalrp.attribution.rules import Accounts
from dnalrp.errors import InputError
from dnalrp.models.cnn import folded
from dnalrp.models.loading import load

RULES = [Epsilon(), Epsilon(0.1), Gamma(), Gamma(1.5), AlphaBeta(), AlphaBeta(1.0), AlphaBeta(1.5)]
LAYERS = ("first.convolution", "second.convolution", "dense", "classifier")
DEFAULT = dict(zip(LAYERS, (Gamma(), Gamma(), Epsilon(), Epsilon()), strict=True))
MIXED = dict(zip(LAYERS, (AlphaBeta(), Gamma(0.5), Epsilon(0.01), Gamma()), strict=True))
NETS = [DEFAULT, MIXED, *(dict.fromkeys(LAYERS, rule) for rule in RULES)]


def name_of(rules):
    return "-".join(str(rule) for rule in dict.fromkeys(rules.values()))


def absorbs(rules):
    return any(isinstance(rule, Epsilon) and rule.epsilon > 0 for rule in rules.values())


over_rules = pytest.mark.parametrize("rule", RULES, ids=str)
over_nets = pytest.mark.parametrize("rules", NETS, ids=name_of)


def without_biases(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
    return model


def one_sided(layer):
    """Two outputs with only positive and only negative contributions, the others with both."""
    with torch.no_grad():
        layer.weight[0].abs_()
        layer.bias[0].abs_()
        layer.weight[1].abs_().neg_()
        layer.bias[1].abs_().neg_()
    return layer.double()


def ruled(rule, layer, x, g):
    """Relevance of the inputs, of the outputs, and what the layer keeps."""
    accounts = Accounts()
    x = x.clone().requires_grad_()
    y = rule(layer, "here", accounts)(x)
    torch.testing.assert_close(y, layer(x))
    (gradient,) = torch.autograd.grad(y, x, g)
    kept = accounts.close()["here", "linear_bias"]
    return (x * gradient).detach(), (y * g).detach(), kept


def close(actual, expected, tolerance=1e-8):
    """Equal to a share of the largest value, which is not 0."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert np.abs(expected).max() > 1e-6
    assert actual == pytest.approx(expected, abs=tolerance * np.abs(expected).max())


@over_rules
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("size", [4, 5])
def test_rule_on_a_convolution_is_its_formula(rule, size):
    torch.manual_seed(size)
    layer = one_sided(nn.Conv1d(3, 5, size, padding="same"))
    x = torch.randn(2, 3, 12).double().relu()
    g = torch.randn(2, 5, 12).double()
    actual, at_outputs, kept = ruled(rule, layer, x, g)
    assert (at_outputs < 0).any() and (layer(x) < 0).any()
    for row in range(2):
        expected = through_convolution(rule, x[row], layer, at_outputs[row]).detach()
        close(actual[row], expected)
    close(actual.sum((1, 2)) + kept, at_outputs.sum((1, 2)))


@over_rules
def test_rule_on_a_linear_layer_is_its_formula(rule):
    torch.manual_seed(1)
    layer = one_sided(nn.Linear(9, 6))
    x, g = torch.randn(3, 9).double().relu(), torch.randn(3, 6).double()
    actual, at_outputs, kept = ruled(rule, layer, x, g)
    for row in range(3):
        close(actual[row], through_linear(rule, x[row], layer, at_outputs[row]).detach())
    close(actual.sum(1) + kept, at_outputs.sum(1))


@over_rules
def test_layer_without_bias_keeps_what_epsilon_absorbs_only(rule):
    torch.manual_seed(2)
    layer = nn.Linear(9, 6, bias=False).double()
    x, g = torch.randn(3, 9).double().relu(), torch.randn(3, 6).double()
    actual, at_outputs, kept = ruled(rule, layer, x, g)
    if rule == Epsilon(0.1):
        assert (kept.abs() > 1e-3).all()
    else:
        assert (kept == 0).all()
    close(actual.sum(1) + kept, at_outputs.sum(1), 1e-12)


def test_epsilon_zero_is_the_plain_gradient(cnn, sequences):
    plain = explain(cnn, sequences, method="gradient_x_input", progress=False)
    lrp = explain(
        cnn, sequences, method="lrp", layer_rules={"*.convolution": Epsilon()}, progress=False
    )
    close(np.concatenate(lrp.relevance), np.concatenate(plain.relevance), 1e-12)


def test_output_of_zero_is_no_division(cnn):
    without_biases(cnn)
    for rule in RULES:
        maps = explain(
            cnn, ["NNNNNNNN"], "lrp", layer_rules=dict.fromkeys(LAYERS, rule), progress=False
        )
        assert np.all(maps.relevance[0] == 0)


@over_nets
@pytest.mark.parametrize("seed", [0, 1])
def test_modified_gradient_is_the_explicit_propagation(seed, rules):
    model = toy_cnn(seed)
    sequences = [*random_sequences(2, shortest=20, longest=50, seed=seed), "ACGTNNACGTTTNA"]
    maps = explain(model, sequences, "lrp", layer_rules=rules, progress=False)
    for sequence, relevance, output in zip(sequences, maps.relevance, maps.outputs, strict=True):
        expected, margin = explain_one(model, sequence, rules)
        assert output == pytest.approx(margin.item(), rel=1e-10)
        close(relevance, expected.numpy())


def test_default_is_gamma_on_convolutions_and_epsilon_on_the_rest(cnn, sequences):
    default = explain(cnn, sequences, "lrp", progress=False)
    named = explain(cnn, sequences, "lrp", layer_rules=DEFAULT, progress=False)
    for one, other in zip(default.relevance, named.relevance, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("batch_norm", [False, True])
@over_nets
def test_ledger_accounts_for_the_whole_output(sequences, rules, batch_norm):
    model = toy_cnn(batch_norm=batch_norm)
    maps = explain(model, sequences, "lrp", layer_rules=rules, batch_size=4, progress=False)
    total = maps.ledger.sum(axis="columns").to_numpy()
    assert total == pytest.approx(maps.outputs, rel=1e-8, abs=1e-10)
    assert set(maps.layer_ledger["place"]) == {"words", *LAYERS}


@pytest.mark.parametrize("rules", [net for net in NETS if not absorbs(net)], ids=name_of)
def test_bias_free_net_conserves_exactly(sequences, rules):
    maps = explain(without_biases(toy_cnn()), sequences, "lrp", layer_rules=rules, progress=False)
    sums = np.array([relevance.sum() for relevance in maps.relevance])
    assert sums == pytest.approx(maps.outputs, rel=1e-10, abs=1e-12)


@pytest.fixture
def zennit(monkeypatch):
    """zennit, after ``pip install --no-deps zennit``; skips where it is not installed.

    It imports torchvision for the names of two classes, and a torchvision that does not fit the
    installed torch breaks transformers: so an empty one stands in for it.
    """
    if importlib.util.find_spec("torchvision") is None:
        resnet = types.ModuleType("torchvision.models.resnet")
        resnet.Bottleneck, resnet.BasicBlock = type("Bottleneck", (), {}), type("Basic", (), {})
        for name in ("torchvision", "torchvision.models"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        monkeypatch.setitem(sys.modules, resnet.__name__, resnet)
    return pytest.importorskip("zennit")


@over_nets
def test_zennit_gives_the_same_maps(zennit, rules):
    tiny = 1e-30  # zennit stabilises every denominator, here none needs it
    counterparts = {
        Epsilon: lambda rule: zennit.rules.Epsilon(rule.epsilon),
        Gamma: lambda rule: zennit.rules.Gamma(rule.gamma, stabilizer=tiny),
        AlphaBeta: lambda rule: zennit.rules.AlphaBeta(rule.alpha, rule.beta, stabilizer=tiny),
    }
    # wide enough that no output has contributions of one sign only, where alpha-beta differs
    model = toy_cnn(filters=16, kernel_size=19, second_filters=32, hidden_size=32)
    sequence = random_sequences(1, shortest=80, longest=80)[0]
    maps = explain(model, [sequence], "lrp", layer_rules=rules, progress=False)
    named = [([name], counterparts[type(rule)](rule)) for name, rule in rules.items()]
    activations = [n for n, module in model.named_modules() if isinstance(module, nn.ReLU)]
    composite = zennit.composites.NameMapComposite([*named, (activations, zennit.rules.Pass())])
    ids = torch.tensor([model.tokenizer(sequence)["input_ids"]])
    one_hot = model.one_hot(ids).double().requires_grad_()
    with composite.context(model) as hooked:
        logits = hooked(inputs_embeds=one_hot).logits
        start = logits.detach() * torch.tensor([-1.0, 1.0])
        (expected,) = torch.autograd.grad(logits, one_hot, start)
    close(maps.relevance[0], expected.sum(-1)[0].numpy())


def by_hand_without_batch_norm(model):
    """CNN without batch norm whose convolutions scale and shift as the batch norms do."""
    plain = toy_cnn()
    state = {n: v for n, v in model.state_dict().items() if ".normalisation." not in n}
    plain.load_state_dict(state)
    with torch.no_grad():
        for name in ("first", "second"):
            norm, convolution = getattr(model, name).normalisation, getattr(plain, name).convolution
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            convolution.bias.copy_((convolution.bias - norm.running_mean) * scale + norm.bias)
            convolution.weight.mul_(scale[:, None, None])
    return plain


def test_folded_model_has_equal_outputs(sequences):
    model = toy_cnn(batch_norm=True).train()
    state = copy.deepcopy(model.state_dict())
    batch = model.tokenizer(sequences, padding=True, return_tensors="pt")
    twin = folded(model)
    assert not any(isinstance(module, nn.BatchNorm1d) for module in twin.modules())
    assert model.training and model.config.batch_norm and not twin.config.batch_norm
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    with torch.no_grad():
        expected = model.eval()(**batch).logits
        torch.testing.assert_close(twin(**batch).logits, expected, rtol=1e-10, atol=1e-10)


def test_nothing_to_fold_gives_the_model_itself(cnn):
    assert folded(cnn) is cnn


@over_nets
def test_maps_with_batch_norm_are_those_of_the_equal_net_without(sequences, rules):
    model = toy_cnn(batch_norm=True)
    own = explain(model, sequences, "lrp", layer_rules=rules, progress=False)
    plain = by_hand_without_batch_norm(model)
    expected = explain(plain, sequences, "lrp", layer_rules=rules, progress=False)
    close(own.outputs, expected.outputs, 1e-10)
    close(np.concatenate(own.relevance), np.concatenate(expected.relevance), 1e-10)


def test_gradient_through_batch_norm_is_that_of_evaluation(sequences):
    model = toy_cnn(batch_norm=True)
    expected = explain(
        by_hand_without_batch_norm(model), sequences, "gradient_x_input", progress=False
    )
    own = explain(model.train(), sequences, "gradient_x_input", progress=False)
    close(np.concatenate(own.relevance), np.concatenate(expected.relevance), 1e-10)


def test_padding_does_not_enter_the_statistics(sequences):
    model = toy_cnn(batch_norm=True).train()
    norm = model.first.normalisation
    norm.momentum = 1.0
    batch = model.tokenizer(sequences, padding=True, return_tensors="pt")
    model(**batch).logits.sum().backward()
    assert norm.weight.grad.abs().sum() > 0
    with torch.no_grad():
        own = [
            model.first.convolution(model.one_hot(torch.tensor(ids)).double().T)
            for ids in model.tokenizer(sequences)["input_ids"]
        ]
    torch.testing.assert_close(norm.running_mean, torch.cat(own, dim=1).mean(dim=1))
    torch.testing.assert_close(norm.running_var, torch.cat(own, dim=1).var(dim=1))


def test_batch_norm_is_saved_and_loaded(tmp_path, sequences):
    model = toy_cnn(batch_norm=True).float()
    model.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    batch = model.tokenizer(sequences, padding=True, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(load(tmp_path)(**batch).logits, model(**batch).logits)


def test_twin_has_its_own_places_for_statistics():
    model = toy_cnn(batch_norm=True)
    with GRADIENT.on(model) as on_twin:
        norm = on_twin.model.first.normalisation
        norm._buffers["running_mean"] = torch.ones(3)
    assert len(model.first.normalisation.running_mean) == 8


@pytest.mark.parametrize(
    ("layer_rules", "message"),
    [
        ({"third.convolution": Gamma()}, "'third.convolution'.*no such layer, but first.convol"),
        ({"first": Gamma()}, r"Gamma\(gamma=0.25\) for 'first' of type ConvolutionBlock"),
    ],
)
def test_rule_for_what_is_no_layer_is_refused(cnn, layer_rules, message):
    with pytest.raises(InputError, match=message):
        explain(cnn, ["ACGT"], "lrp", layer_rules=layer_rules, progress=False)


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"delta": 1.0}, "layer_rules.dense: unknown setting 'delta'; known are epsilon, gamma"),
        ({"gamma": 1.0, "epsilon": 0.0}, "give one of epsilon"),
        ({}, "give one of epsilon"),
        ({"gamma": None}, "layer_rules.dense: give one of epsilon"),
        ("gamma", "layer_rules.dense: 'gamma' is not of type 'object'"),
        ({"gamma": -1.0}, "layer_rules.dense.gamma: -1.0 is less than the minimum of 0"),
        ({"alpha_beta": 0.5}, "layer_rules.dense.alpha_beta: 0.5 is less than the minimum of 1"),
    ],
)
def test_what_describes_no_rule_is_refused(cnn, described, message):
    with pytest.raises(InputError, match=message):
        explain(cnn, ["ACGT"], "lrp", layer_rules={"dense": described}, progress=False)


def test_rules_by_name_are_refused_where_they_have_no_effect(cnn):
    with pytest.raises(InputError, match="'gradient_x_input': they are for 'lrp'"):
        explain(cnn, ["ACGT"], "gradient_x_input", layer_rules=DEFAULT, progress=False)


@pytest.mark.parametrize(
    "patterns",
    [
        {"first.convolution": AlphaBeta(), "*.conv*": Gamma(1.0), "class*": Gamma(0.1)},
        {"*.conv*": Gamma(1.0), "classifier": Gamma(0.1), "first.convolution": AlphaBeta()},
        {"*.conv*": {"gamma": 1}, "classifier": {"gamma": 0.1}, "first.*": {"alpha_beta": 2}}
        | {"first.convolution": {"alpha_beta": 2}, "dense": {"epsilon": 0}},
    ],
    ids=["first pattern that fits", "a name goes before a pattern", "rules described as data"],
)
def test_rules_are_found_by_name_or_pattern(cnn, sequences, patterns):
    rules = dict(zip(LAYERS, (AlphaBeta(), Gamma(1.0), Epsilon(), Gamma(0.1)), strict=True))
    by_pattern = explain(cnn, sequences, "lrp", layer_rules=patterns, progress=False)
    by_name = explain(cnn, sequences, "lrp", layer_rules=rules, progress=False)
    for one, other in zip(by_pattern.relevance, by_name.relevance, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Epsilon(-1.0), "epsilon -1.0: give 0 or more"),
        (lambda: Gamma(float("nan")), "gamma nan: give 0 or more"),
        (lambda: AlphaBeta(2.0, 0.5), "alpha 2.0, beta 0.5"),
        (lambda: AlphaBeta(0.5), "alpha 0.5, beta -0.5"),
    ],
)
def test_values_that_are_no_rule_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
