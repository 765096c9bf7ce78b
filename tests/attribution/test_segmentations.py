"""The map `average`: several segmentations of a sequence, and their mean."""

import numpy as np
import pytest
import torch
from conftest import random_sequences, toy_dnabert2
from hypothesis import given
from hypothesis import strategies as st
from transformers.modeling_outputs import SequenceClassifierOutput

import dnalrp
from dnalrp.attribution.explanation import iterate_relevance, methods
from dnalrp.attribution.segmentations import (
    Segmentations,
    average_relevance,
    iterate_average,
    resolves_below_tokens,
)
from dnalrp.attribution.targets import MaskedToken
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError
from dnalrp.models.dnabert2 import DnaBert2ForSequenceClassification
from dnalrp.models.tokenizer import encode
from dnalrp.projection import to_nucleotides

ALL = Segmentations(reverse_complement=True, shifts=2, dropout=0.2, draws=2, seed=3)


class BagOfTokens(DnaBert2ForSequenceClassification):
    """Margin: the sum of one known value a token; its input times gradient is that value."""

    def forward(self, input_ids, attention_mask):
        values = self.get_input_embeddings()(input_ids)[..., 0]
        margin = (values * attention_mask).sum(dim=1)
        return SequenceClassifierOutput(logits=torch.stack([torch.zeros_like(margin), margin], 1))


@pytest.fixture
def bag(dnabert2, byte_pairs):
    model = BagOfTokens(dnabert2.config).double().eval()
    with torch.no_grad():
        model.get_input_embeddings().weight.zero_()
        model.get_input_embeddings().weight[:, 0] = torch.arange(64) ** 1.5
    model.tokenizer = byte_pairs
    return model


@st.composite
def barred_sequence(draw):
    sequence = draw(st.text("ACGTN", min_size=1, max_size=40))
    size = len(sequence) - 1
    return sequence, np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool)


@given(barred_sequence())
def test_no_token_spans_a_barred_junction_and_tokens_tile_the_sequence(byte_pairs, case):
    sequence, barred = case
    tokens, spans = encode(byte_pairs, [sequence], [barred])
    inner = spans[0][1:-1]
    assert [0, *inner[:, 1]] == [*inner[:, 0], len(sequence)]
    assert set(np.flatnonzero(barred) + 1) <= set(inner[:, 0])
    texts = byte_pairs.convert_ids_to_tokens(tokens[0][1:-1])
    read = [sequence[start:end] for start, end in inner]
    assert texts == [text.replace("N", "[UNK]") for text in read]


def test_nothing_barred_is_the_tokenizer_itself(byte_pairs, sequences):
    none = [np.zeros(len(sequence) - 1, dtype=bool) for sequence in sequences]
    plain, dropped = encode(byte_pairs, sequences), encode(byte_pairs, sequences, none)
    assert plain.ids == dropped.ids == byte_pairs(sequences)["input_ids"]
    for a, b in zip(plain.spans, dropped.spans, strict=True):
        assert a.tolist() == b.tolist()


def test_everything_barred_is_one_token_a_nucleotide(byte_pairs):
    (tokens,), _ = encode(byte_pairs, ["ACGTNA"], [np.ones(5, dtype=bool)])
    assert byte_pairs.convert_ids_to_tokens(tokens[1:-1]) == ["A", "C", "G", "T", "[UNK]", "A"]


def test_one_segmentation_is_split(dnabert2, cnn, sequences):
    for model in (dnabert2, cnn):
        for method in methods(model):
            average = average_relevance(
                model, sequences, method, Segmentations(False), progress=False
            )
            maps = dnalrp.explain(model, sequences, method, progress=False)
            assert average.relevance == pytest.approx(maps.nucleotides("split"), abs=1e-6)
            assert average.outputs == pytest.approx(maps.outputs[None])


@pytest.mark.parametrize("batch_size", [2, 64])
def test_an_average_holds_the_plain_explanation_to_the_last_bit(dnabert2, sequences, batch_size):
    options = {"batch_size": batch_size, "progress": False, "positional": True}
    averages = list(iterate_average(dnabert2, sequences, "attnlrp", ALL, **options))
    plain = list(iterate_relevance(dnabert2, sequences, "attnlrp", **options))
    for average, own in zip(averages, plain, strict=True):
        assert (average.average.rows == own.rows).all() and (average.plain.rows == own.rows).all()
        for name in ("relevance", "spans"):
            pairs = zip(getattr(average.plain, name), getattr(own, name), strict=True)
            assert all(np.array_equal(a, b) for a, b in pairs)
        for name in ("logits", "outputs", "ledger", "positional"):
            assert np.array_equal(getattr(average.plain, name), getattr(own, name))
        assert np.array_equal(average.average.segmented_outputs[0], own.outputs)


def test_average_is_the_mean_of_maps_made_one_by_one(bag, sequences):
    value = bag.get_input_embeddings().weight[:, 0].detach().numpy()
    settings = Segmentations(True, shifts=3, dropout=0.3, draws=2, seed=5)
    result = average_relevance(bag, sequences, "gradient_x_input", settings, progress=False)
    readings = settings.readings()
    assert len(set(readings)) == len(readings) == 2 * 4 * 3 == len(result.outputs)
    for row, sequence in enumerate(sequences):
        maps = np.full((len(readings), len(sequence)), np.nan)
        for own, (reverse, shift, draw), output in zip(
            maps, readings, result.outputs[:, row], strict=True
        ):
            text = (reverse_complement(sequence) if reverse else sequence)[shift:]
            barred = readings[0]._replace(draw=draw).barred(text, settings)
            (ids,), (spans,) = encode(bag.tokenizer, [text], [barred] if draw else None)
            own[shift:] = to_nucleotides(value[ids], spans, len(text))
            if reverse:
                own[:] = own[::-1].copy()
            assert value[ids].sum() == pytest.approx(output)
        expected = np.nanmean(maps, axis=0)
        assert result.relevance[row, : len(sequence)] == pytest.approx(expected, rel=1e-5)
        assert not result.relevance[row, len(sequence) :].any()


def test_shifts_put_each_token_where_it_lies(bag, byte_pairs):
    """Of a token of one base its own value returns to its own place, however it was reached."""
    value = bag.get_input_embeddings().weight[:, 0].detach().numpy()
    ids = dict(zip("ACGT", byte_pairs.convert_tokens_to_ids(list("ACGT")), strict=True))
    single = Segmentations(reverse_complement=False, shifts=3, dropout=1.0, draws=1)
    sequence = "ACGTTGCAACCGGT"
    result = average_relevance(bag, [sequence], "gradient_x_input", single, progress=False)
    plain = average_relevance(
        bag, [sequence], "gradient_x_input", Segmentations(False, shifts=3), progress=False
    )
    own = 2 * result.relevance[0] - plain.relevance[0]
    assert own == pytest.approx([value[ids[letter]] for letter in sequence], rel=1e-4)


def test_sum_is_the_mean_sum_of_the_segmentations(dnabert2, sequences):
    settings = Segmentations(True, dropout=0.3, draws=2)
    average = average_relevance(dnabert2, sequences, segmentations=settings, progress=False)
    sums = np.zeros(len(sequences))
    for reading in settings.readings():
        texts = [reading.text(sequence) for sequence in sequences]
        barred = [reading.barred(text, settings) for text in texts] if reading.draw else None
        for batch in iterate_relevance(dnabert2, texts, progress=False, barred=barred):
            sums[batch.rows] += [relevance[1:-1].sum() for relevance in batch.relevance]
    assert average.relevance.sum(axis=1) == pytest.approx(sums / len(settings.readings()), rel=1e-4)


def test_map_of_the_other_strand_is_the_mirrored_map(dnabert2, sequences):
    others = [reverse_complement(sequence) for sequence in sequences]
    first, second = (
        average_relevance(dnabert2, texts, segmentations=ALL, progress=False)
        for texts in (sequences, others)
    )
    for a, b, sequence in zip(first.relevance, second.relevance, sequences, strict=True):
        n = len(sequence)
        assert a[:n] == pytest.approx(b[:n][::-1], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("method", ["attnlrp", "random"])
def test_order_and_batch_do_not_change_an_average(dnabert2, sequences, method):
    one = average_relevance(dnabert2, sequences, method, ALL, batch_size=1, progress=False)
    many = average_relevance(dnabert2, sequences[::-1], method, ALL, batch_size=4, progress=False)
    assert one.relevance == pytest.approx(many.relevance[::-1], abs=1e-6)
    assert one.outputs == pytest.approx(many.outputs[:, ::-1], abs=1e-10)


def test_seed_chooses_the_draws(dnabert2, sequences):
    def maps(seed):
        settings = Segmentations(dropout=0.3, draws=1, seed=seed)
        return average_relevance(dnabert2, sequences, segmentations=settings, progress=False)

    assert np.array_equal(maps(1).relevance, maps(1).relevance)
    assert not np.allclose(maps(1).relevance, maps(2).relevance)


def test_average_resolves_below_the_token(dnabert2):
    (sequence,) = random_sequences(1, shortest=200, longest=200, seed=4)
    split = dnalrp.explain(dnabert2, [sequence], progress=False).nucleotides()
    average = average_relevance(dnabert2, [sequence], progress=False).relevance
    assert len(np.unique(average)) > len(np.unique(split))


def test_only_tokens_of_several_nucleotides_are_worth_an_average(dnabert2, cnn):
    assert resolves_below_tokens(dnabert2, "attnlrp")
    assert not resolves_below_tokens(dnabert2, "mutagenesis")
    assert not resolves_below_tokens(cnn, "lrp")


def test_batches_come_one_at_a_time(dnabert2, sequences):
    batches = iterate_average(dnabert2, sequences, batch_size=2, progress=False)
    assert len(next(batches).plain.rows) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shifts": -1}, "give 0 or more"),
        ({"dropout": 1.5}, "from 0 to 1"),
        ({"draws": 3}, "3 draws with dropout 0"),
    ],
)
def test_mistaken_segmentations_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Segmentations(**settings)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": []}, "one or more sequences"),
        ({"sequences": "ACGT"}, "a list"),
        ({"sequences": ["ACGT", "ACRT"]}, "sequence 1: character 'R'"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"segmentations": Segmentations(shifts=4)}, "leave nothing of it"),
        ({"target": MaskedToken(1)}, "one segmentation only"),
    ],
)
def test_mistakes_get_one_clear_line(dnabert2, arguments, message):
    with pytest.raises(InputError, match=message):
        average_relevance(dnabert2, **{"sequences": ["ACGT"], "progress": False} | arguments)


def test_three_classes_need_a_target(byte_pairs):
    model = toy_dnabert2(byte_pairs, labels=3)
    with pytest.raises(InputError, match="name the class"):
        average_relevance(model, ["ACGT"], progress=False)
    assert average_relevance(model, ["ACGT"], target=2, progress=False).outputs.shape == (2, 1)
