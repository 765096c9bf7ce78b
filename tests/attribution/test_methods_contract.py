"""The catalogue of methods: choosing from it, and adding to it and to the encoders from outside."""

import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import randomised
from transformers import BertConfig, BertForSequenceClassification

import dnalrp
from dnalrp.attribution.batch import BatchRelevance
from dnalrp.attribution.catalogue import METHODS, Choice, Method, method_names, read_choice
from dnalrp.attribution.encoders import catalogue as encoders
from dnalrp.attribution.encoders.bert import RULES
from dnalrp.attribution.explanation import explain, iterate_relevance, methods
from dnalrp.attribution.ledger import check_ledger, ledger_gap
from dnalrp.attribution.options import Options
from dnalrp.attribution.segmentations import Segmentations, average_relevance, iterate_average
from dnalrp.errors import InputError
from dnalrp.models.architectures.bert import BERT
from dnalrp.models.catalogue import ARCHITECTURES

WITHOUT_RULES = (
    "gradient_x_input",
    "saliency",
    "integrated_gradients",
    "occlusion",
    "mutagenesis",
    "random",
)


def test_methods_of_each_kind_of_model(dnabert2, cnn):
    attention = ("attention_rollout", "attention_x_gradient")
    first, second, *others = WITHOUT_RULES[1:]
    assert methods(dnabert2) == (
        "attnlrp",
        "cp_lrp",
        "gradient_x_input",
        *(first, second, *attention, *others),
    )
    assert methods(cnn) == ("lrp", "gradient_x_input", first, second, "deep_lift_shap", *others)


def test_the_catalogue_is_read_without_torch():
    code = "import sys, dnalrp.attribution.catalogue; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_what_methods_promise():
    assert {name for name, method in METHODS.items() if method.ledger} == {
        *("attnlrp", "cp_lrp", "lrp")
    }
    assert {name for name, method in METHODS.items() if method.promises_sum} == {
        *("integrated_gradients", "deep_lift_shap")
    }
    assert {name for name, method in METHODS.items() if not method.sign} == {
        *("saliency", "attention_rollout")
    }
    assert {name for name, method in METHODS.items() if method.grain == "nucleotide"} == {
        "mutagenesis"
    }


@pytest.mark.parametrize("kind", ["dnabert2", "cnn"])
def test_maps_hold_what_their_method_promises(kind, request, sequences):
    model = request.getfixturevalue(kind)
    for name in methods(model):
        maps, promised = explain(model, sequences[-2:], name, progress=False), METHODS[name]
        assert (maps.ledger is not None) == promised.ledger
        assert (maps.gap is not None) == promised.promises_sum
        if promised.grain == "nucleotide":
            assert [len(values) for values in maps.relevance] == maps.lengths.tolist()


def test_a_choice_is_a_name_or_one_key_with_options():
    assert read_choice("attnlrp") == Choice("attnlrp", METHODS["attnlrp"].options())
    chosen = read_choice({"attnlrp_randomised": {"alibi": "identity"}})
    assert chosen.method == "attnlrp_randomised" and chosen.options.alibi == "identity"
    assert read_choice(chosen) is chosen
    assert "saliency_randomised" in method_names() and "random_randomised" not in method_names()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("attnlpr", "^methods: no method 'attnlpr'; did you mean 'attnlrp'"),
        ("random_randomised", "^methods: method 'random_randomised': noise knows no parameters"),
        ({"attnlrp": {"alibi": "x"}}, "^methods: attnlrp: alibi 'x': choose one of absorb, ident"),
        ({"cp_lrp": {"alibi": "absorb"}}, "alibi with method 'cp_lrp': it is for 'attnlrp'"),
        ({"integrated_gradients": {"steps": 0}}, "steps: 0 is less than the minimum of 1"),
        ({"occlusion": {"fill": "Z"}}, "fill 'Z': choose one of A, C, G, T, N"),
        ({"occlusion": {"fil": "A"}}, "'occlusion' has no option 'fil'; choose from fill"),
        ({"saliency": {"depth": 1}}, "'saliency' has no option 'depth'; it has none, leave it out"),
        (
            {"lrp": {"layer_rules": {"dense": {"delta": 1.0}}}},
            "lrp: layer_rules.dense: unknown setting 'delta'",
        ),
        ({"attnlrp": None}, "^methods: {'attnlrp': None} is no method"),
        ({"attnlrp": {}, "lrp": {}}, "is no method; give a name, or one key"),
        (3, "^methods: 3 is no method"),
    ],
)
def test_what_is_no_choice_gets_one_clear_line(given, message):
    with pytest.raises(InputError, match=message) as error:
        read_choice(given, "methods")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"name": "mine_randomised", "relevance": "a:b"}, "_randomised ends names of controls"),
        ({"name": "mine"}, "either a composite or a relevance"),
        ({"name": "mine", "relevance": "a:b", "composite": "a:c"}, "either a composite or a rel"),
        ({"name": "a.b/c", "relevance": "a:b"}, "begin with a letter"),
        ({"name": "", "relevance": "a:b"}, "begin with a letter"),
    ],
)
def test_a_method_that_cannot_be_chosen_is_not_taken(declared, message):
    with pytest.raises(InputError, match=message):
        METHODS.add(Method(about="a toy", **declared))
    assert declared["name"] not in METHODS


def test_options_by_keyword_and_by_choice_are_the_same(dnabert2, sequences):
    by_keyword = explain(dnabert2, sequences, "attnlrp", alibi="identity", progress=False)
    choice = read_choice({"attnlrp": {"alibi": "identity"}})
    by_choice = explain(dnabert2, sequences, choice, progress=False)
    for a, b in zip(by_keyword.relevance, by_choice.relevance, strict=True):
        assert np.array_equal(a, b)
    overruled = explain(dnabert2, sequences, choice, alibi="absorb", progress=False)
    assert not np.array_equal(overruled.relevance[0], by_choice.relevance[0])


@pytest.mark.parametrize("kind", ["dnabert2", "cnn"])
def test_a_reading_of_alibi_that_does_not_exist_is_refused_whatever_the_method(kind, request):
    model = request.getfixturevalue(kind)
    for name in methods(model):
        with pytest.raises(
            InputError, match=r"^alibi 'ignore': choose one of absorb, identity, uniform$"
        ):
            explain(model, ["ACGT"], name, alibi="ignore", progress=False)
        explain(model, ["ACGT"], name, alibi="identity", progress=False)


def test_steps_references_and_fill_reach_their_methods(dnabert2, cnn, sequences):
    few, many = (
        explain(dnabert2, sequences, "integrated_gradients", steps=steps, progress=False)
        for steps in (2, 50)
    )
    assert np.abs(few.gap).max() > np.abs(many.gap).max()
    for name, model, options in (
        ("occlusion", dnabert2, {"fill": "A"}),
        ("deep_lift_shap", cnn, {"seed": 3}),
    ):
        default, other = (
            explain(model, sequences, name, progress=False, **given) for given in ({}, options)
        )
        assert not np.array_equal(default.relevance[0], other.relevance[0])


def test_what_was_positional_goes_on_working_with_a_notice(dnabert2, sequences):
    old = ("attnlrp", 1, 2, None, "identity", False)
    named = {"batch_size": 2, "alibi": "identity", "progress": False}
    expected = explain(dnabert2, sequences, "attnlrp", 1, **named)
    with pytest.warns(FutureWarning, match="batch_size=2, device=None, alibi='identity'") as told:
        maps = explain(dnabert2, sequences, *old)
    assert told[0].filename == __file__
    assert all(map(np.array_equal, maps.relevance, expected.relevance))
    with pytest.warns(FutureWarning, match="iterate_relevance"):
        batches = list(iterate_relevance(dnabert2, sequences, *old))
    assert sum(len(batch.rows) for batch in batches) == len(sequences)
    plain = Segmentations()
    average = average_relevance(dnabert2, sequences, "attnlrp", plain, target=1, **named)
    for call in (average_relevance, iterate_average):
        with pytest.warns(FutureWarning, match=f"{call.__name__}.*target=1, batch_size=2"):
            made = call(dnabert2, sequences, "attnlrp", plain, *old[1:])
        if call is average_relevance:
            assert np.array_equal(made.relevance, average.relevance)
    with pytest.warns(FutureWarning, match="projection='copy'"):
        copied = expected.nucleotides(how="copy")
    assert np.array_equal(copied, expected.nucleotides("copy"))
    with pytest.raises(InputError, match="how='split': it is projection now, which is given too"):
        expected.nucleotides("copy", how="split")


def test_more_arguments_than_there_ever_were_are_refused(dnabert2):
    too_many = ("attnlrp", None, 4, None, "absorb", False, False, None, 7)
    with pytest.raises(TypeError, match="positional arguments"):
        explain(dnabert2, ["ACGT"], *too_many)


def test_batches_carry_names_rows_and_lengths(dnabert2, sequences):
    names = np.array([f"s{i}" for i in range(len(sequences))])
    for batch in iterate_relevance(dnabert2, sequences, batch_size=2, ids=names, progress=False):
        assert list(batch.ids) == [f"s{i}" for i in batch.rows]
        assert list(batch.sequences) == [sequences[i] for i in batch.rows]
        assert batch.lengths.tolist() == [len(sequence) for sequence in batch.sequences]
        assert batch.ledger.index.tolist() == batch.rows.tolist()
    with pytest.raises(InputError, match=f"ids: 1 names of {len(sequences)} sequences"):
        next(iterate_relevance(dnabert2, sequences, ids=["a"], progress=False))


@pytest.mark.parametrize("precision", [torch.float64, torch.float32, torch.bfloat16])
def test_a_ledger_is_checked_by_the_precision_of_its_model(dnabert2, sequences, precision):
    maps = explain(dnabert2.to(precision), sequences, progress=False)
    name = str(precision).removeprefix("torch.")
    assert ledger_gap(maps).shape == (len(sequences),)
    check_ledger(maps, precision=name)
    broken = maps.ledger.copy()
    broken.loc[2, "words"] += 0.5 * broken.loc[2].abs().max()
    with pytest.raises(ArithmeticError, match="attnlrp: the ledger of sequence 2 is off by"):
        check_ledger(maps.changed(ledger=broken), precision=name)


def test_a_broken_ledger_is_told_with_its_own_gap(dnabert2, sequences):
    """A sequence with large terms may be off by more, and be rounding all the same."""
    maps = explain(dnabert2, sequences, progress=False)
    ledger, outputs = maps.ledger.to_numpy().copy(), maps.outputs.copy()
    ledger[0] *= 1e9
    outputs[0] = ledger[0].sum() + 5
    ledger[1, 0] += 1
    table = pd.DataFrame(ledger, columns=maps.ledger.columns)
    with pytest.raises(ArithmeticError, match=r"the ledger of sequence 1 is off by 1$"):
        check_ledger(maps.changed(ledger=table, outputs=outputs))


def test_names_of_sequences_are_kept_in_their_order(dnabert2, sequences):
    names = [f"s{i}" for i in range(len(sequences))]
    maps = explain(dnabert2, sequences, "random", ids=names, batch_size=2, progress=False)
    assert list(maps.ids) == names and len(names) > 2


class OutsideConfig(BertConfig):
    model_type = "outside"


class OutsideEncoder(BertForSequenceClassification):
    config_class = OutsideConfig


@pytest.fixture
def outside(byte_pairs, monkeypatch):
    """An encoder that is declared by somebody else, without rules for its modules."""
    monkeypatch.setattr(ARCHITECTURES, "_entries", dict(ARCHITECTURES))
    ARCHITECTURES.add(
        dataclasses.replace(BERT, name="outside", config=OutsideConfig, model=OutsideEncoder)
    )
    sizes = {"vocab_size": 64, "hidden_size": 24, "num_hidden_layers": 2, "intermediate_size": 40}
    config = OutsideConfig(**sizes, num_attention_heads=4, max_position_embeddings=160)
    model = randomised(OutsideEncoder(config)).double().eval()
    model.tokenizer = byte_pairs
    return model


def test_an_encoder_without_rules_has_the_methods_that_need_none(outside, sequences):
    assert methods(outside) == WITHOUT_RULES
    for name in methods(outside):
        maps = explain(outside, sequences[-2:], name, progress=False)
        assert all(np.isfinite(values).all() for values in maps.relevance)
    with pytest.raises(InputError, match="'attnlrp' does not explain a outside; choose one of gra"):
        explain(outside, ["ACGT"], progress=False)


def test_an_encoder_with_rules_has_every_method(outside, sequences, monkeypatch):
    monkeypatch.setattr(encoders.ENCODERS, "_entries", dict(encoders.ENCODERS))
    rules = RULES._replace(plain=(*RULES.plain, OutsideEncoder))
    encoders.ENCODERS.add(encoders.Encoder("outside", rules))
    assert methods(outside)[:2] == ("attnlrp", "cp_lrp")
    for name in methods(outside):
        maps = explain(outside, sequences[-2:], name, progress=False)
        if METHODS[name].ledger:
            check_ledger(maps, precision="float64")


class ScaleOptions(Options):
    """Options of a method from outside."""

    scale: float = 1.0
    """What every token gets."""


def scaled(batch, options):
    return BatchRelevance([np.full(len(spans), options.scale) for spans in batch.spans])


def test_a_method_from_outside_is_one_entry(dnabert2, cnn, monkeypatch):
    monkeypatch.setattr(METHODS, "_entries", dict(METHODS))
    METHODS.add(Method(name="scaled", about="a toy", relevance=scaled, options=ScaleOptions))
    for model in (dnabert2, cnn):
        assert methods(model)[-1] == "scaled"
        maps = dnalrp.explain(model, ["ACGTTG"], "scaled", scale=2.0, progress=False)
        assert (maps.relevance[0] == 2.0).all()
        average = average_relevance(model, ["ACGTTG"], "scaled", scale=2.0, progress=False)
        assert average.relevance.any()
    with pytest.raises(InputError, match="no option 'sclae'; choose from scale"):
        dnalrp.explain(cnn, ["ACGT"], "scaled", sclae=2.0, progress=False)
