"""Tokenizers: byte pairs for DNABERT-2, single nucleotides for the CNN."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from dnalrp.data.nucleotides import NUCLEOTIDES

SPECIAL_TOKENS = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")


def train_byte_pair_tokenizer(
    sequences: Iterable[str], vocabulary: int, max_token_length: int
) -> PreTrainedTokenizerFast:
    """Train a byte-pair tokenizer of DNABERT-2's layout on upper-case sequences.

    Ids 0 to 4 are ``[UNK] [CLS] [SEP] [PAD] [MASK]``, then A C G T, then merged tokens of up to
    ``max_token_length`` bases. A sequence becomes ``[CLS] tokens [SEP]``; every N is one
    ``[UNK]``. Training is deterministic for given sequences in a given order.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=list(NUCLEOTIDES),
        limit_alphabet=len(NUCLEOTIDES),
        max_token_length=max_token_length,
        show_progress=False,
    )
    tokenizer.train_from_iterator(sequences, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    )


def nucleotide_tokenizer() -> PreTrainedTokenizerFast:
    """One token a nucleotide and no special tokens: A C G T N are 0 to 4, padding is 5."""
    vocabulary = {letter: index for index, letter in enumerate((*NUCLEOTIDES, "N", "[PAD]"))}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges=[], unk_token="N"))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="N",
        pad_token="[PAD]",
        model_input_names=["input_ids", "attention_mask"],
    )


def token_spans(
    tokenizer: PreTrainedTokenizerFast, sequences: Sequence[str]
) -> list[list[tuple[int, int]]]:
    """Half-open spans ``[start, end)`` of every token in its sequence; specials have (0, 0)."""
    encoded = tokenizer(list(sequences), return_offsets_mapping=True)
    return [[tuple(span) for span in spans] for spans in encoded["offset_mapping"]]


class Encoded(NamedTuple):
    """Token ids of sequences, and the half-open span of each token; specials have (0, 0)."""

    tokens: list[list[int]]
    spans: list[npt.NDArray[np.int64]]


def encode(
    tokenizer: PreTrainedTokenizerFast,
    sequences: Sequence[str],
    barred: Sequence[npt.NDArray[np.bool_]] | None = None,
) -> Encoded:
    """Tokenise sequences, on request with some merges left out.

    This is BPE-dropout (Provilkov et al., ACL 2020, arXiv 1910.13267) by place: where a junction
    between two nucleotides is barred, every merge across it is dropped, so that no token spans
    it. With all junctions barred each nucleotide is a token. The library's own dropout cannot
    be seeded; here the caller draws, and knows, what is dropped.

    Parameters
    ----------
    barred
        One (length - 1,) Boolean array a sequence; None bars nothing.
    """
    if barred is None:
        plain = tokenizer(list(sequences), return_offsets_mapping=True)
        offsets = [np.array(own, dtype=np.int64) for own in plain["offset_mapping"]]
        return Encoded(plain["input_ids"], offsets)
    bounds = [
        [0, *(np.flatnonzero(own) + 1).tolist(), len(sequence)]
        for sequence, own in zip(sequences, barred, strict=True)
    ]
    pieces = [
        [sequence[start:end] for start, end in pairwise(own)]
        for sequence, own in zip(sequences, bounds, strict=True)
    ]
    split = tokenizer(pieces, is_split_into_words=True, return_offsets_mapping=True)
    spans = []
    for row, own in enumerate(bounds):
        begins = [0 if piece is None else own[piece] for piece in split.word_ids(row)]
        spans.append(np.array(split["offset_mapping"][row], dtype=np.int64) + np.c_[begins])
    return Encoded(split["input_ids"], spans)
