"""Tokens of any tokenizer: their ids, and the nucleotides that they stand for."""

from itertools import product

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertTokenizer, EsmTokenizer, PreTrainedTokenizerFast

from dnalrp.errors import InputError
from dnalrp.models.tokenizer import encode, nucleotide_tokenizer, token_ids, token_spans

THREE_MERS = ["".join(letters) for letters in product("ACGT", repeat=3)]


@pytest.fixture
def nucleotide_transformer(tmp_path):
    """Non-overlapping k-mers, then single bases; no offsets, and no token at the end."""
    special = ["<unk>", "<pad>", "<mask>", "<cls>", "<eos>", "<bos>"]
    (tmp_path / "vocab.txt").write_text("\n".join([*special, *THREE_MERS, *"ACGTN"]))
    return EsmTokenizer(str(tmp_path / "vocab.txt"), eos_token=None)


@pytest.fixture
def dnabert():
    """Overlapping k-mers, joined by spaces."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {token: number for number, token in enumerate([*special, *THREE_MERS])}
    return BertTokenizer(vocabulary, do_lower_case=False)


def word_pieces(words):
    vocabulary = {word: number for number, word in enumerate(["[UNK]", "[PAD]", *words])}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")


def spelt(sequence, spans):
    return [sequence[start:end] for start, end in spans]


def test_spans_of_byte_pairs_are_their_offsets(byte_pairs, sequences):
    encoded = byte_pairs(sequences, return_offsets_mapping=True)
    assert token_ids(byte_pairs, sequences) == encoded["input_ids"]
    for spans, offsets in zip(
        token_spans(byte_pairs, sequences), encoded["offset_mapping"], strict=True
    ):
        assert spans.tolist() == [list(pair) for pair in offsets]


def test_tokenizer_without_offsets_is_walked_along_the_sequence(nucleotide_transformer):
    sequence = "ACGTNNACGTTTNA"
    ids, (spans,) = encode(nucleotide_transformer, [sequence])
    tokens = nucleotide_transformer.convert_ids_to_tokens(ids[0])
    assert tokens == ["<cls>", "ACG", "T", "N", "N", "ACG", "TTT", "N", "A"]
    assert spelt(sequence, spans[1:]) == tokens[1:]
    assert spans[0].tolist() == [0, 0]


def test_walk_ends_before_a_token_at_the_end(tmp_path, nucleotide_transformer):
    nucleotide_transformer.save_pretrained(tmp_path)
    with_end = EsmTokenizer(str(tmp_path / "vocab.txt"))
    (spans,) = token_spans(with_end, ["ACGTA"])
    assert spans.tolist() == [[0, 0], [0, 3], [3, 4], [4, 5], [0, 0]]


def test_overlapping_kmers_are_joined_by_spaces(dnabert):
    sequence = "ACGTNACGTT"
    kmers = [sequence[i : i + 3] for i in range(len(sequence) - 2)]
    ids, (spans,) = encode(dnabert, [sequence])
    known = [kmer if "N" not in kmer else "[UNK]" for kmer in kmers]
    assert dnabert.convert_ids_to_tokens(ids[0]) == ["[CLS]", *known, "[SEP]"]
    assert spelt(sequence, spans) == ["", *kmers, ""]
    assert token_ids(dnabert, [sequence]) == ids


def test_sequence_shorter_than_its_kmers_is_refused(dnabert):
    with pytest.raises(InputError, match="sequence 1: has 2 bases but the model reads 3-mers"):
        token_ids(dnabert, ["ACGT", "AC"])


def test_known_bases_under_an_unknown_token_are_refused():
    with pytest.raises(
        InputError, match="sequence 0: bases 1 to 6 are one unknown token, 'ACGTAC'"
    ):
        encode(word_pieces(["AC", "##GT"]), ["ACGTAC"])


def test_bases_that_no_token_holds_are_refused():
    backend = Tokenizer(models.BPE({"A": 0, "C": 1, "G": 2}, merges=[]))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
    with pytest.raises(InputError, match="sequence 0: no token holds base 4, 'T'"):
        encode(tokenizer, ["ACGT"])


def test_an_unknown_n_is_no_mistake():
    for tokenizer in (nucleotide_tokenizer(), word_pieces(["A", "##C", "##G"])):
        (spans,) = token_spans(tokenizer, ["ACG"])
        assert np.diff(spans, axis=1).sum() == 3
    assert token_spans(nucleotide_tokenizer(), ["NAN"])[0].tolist() == [[0, 1], [1, 2], [2, 3]]
