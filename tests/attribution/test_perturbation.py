"""Methods that change the sequence, against known answers."""

import numpy as np
import pytest
import torch
from embedding import embedded

from dnalrp.attribution.methods.mutagenesis import mutagenesis
from dnalrp.attribution.methods.occlusion import occlusion
from dnalrp.errors import InputError


def cytosines(sequences):
    return np.array([sequence.count("C") for sequence in sequences], dtype=float)


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
