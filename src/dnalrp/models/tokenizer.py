"""Tokenizers: byte pairs for DNABERT-2, single nucleotides for the CNN; any model's tokens."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from dnalrp.data.nucleotides import NUCLEOTIDES
from dnalrp.errors import InputError

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


class Encoded(NamedTuple):
    """Token ids of sequences, specials included, and their half-open spans (tokens, 2).

    Spans are in nucleotides, ``[start, end)``; special tokens have (0, 0). Those of overlapping
    k-mers overlap.
    """

    ids: list[list[int]]
    spans: list[npt.NDArray[np.int64]]


def token_ids(tokenizer: PreTrainedTokenizerBase, sequences: Sequence[str]) -> list[list[int]]:
    """Token ids of every sequence, specials included.

    A tokenizer that knows k-mers of one length only (DNABERT) is given the overlapping k-mers of
    the sequence, joined by spaces, as it was trained to read them.

    Raises
    ------
    InputError
        A sequence is shorter than the k-mers.
    """
    return tokenizer(_readable(sequences, _kmer_length(tokenizer)))["input_ids"]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    sequences: Sequence[str],
    barred: Sequence[npt.NDArray[np.bool_]] | None = None,
) -> Encoded:
    """Like :func:`token_ids`, with the span of every token; on request with some merges left out.

    Parameters
    ----------
    barred
        One (length - 1,) Boolean array a sequence, of byte-pair tokenizers; None bars nothing.
        Where a junction between two nucleotides is barred, every merge across it is dropped, so
        that no token spans it; with all barred each nucleotide is a token. This is BPE-dropout
        (Provilkov et al., ACL 2020, arXiv 1910.13267) by place. The library's own dropout cannot
        be seeded; here the caller draws, and knows, what is dropped.

    Raises
    ------
    InputError
        The tokens do not spell the sequence: an unknown token hides known bases, or some are left
        out. N may be unknown.
    """
    if barred is not None:
        return _encode_barred(tokenizer, sequences, barred)
    width = _kmer_length(tokenizer)
    texts = _readable(sequences, width)
    encoded = tokenizer(texts, return_offsets_mapping=tokenizer.is_fast)
    ids: list[list[int]] = encoded["input_ids"]
    if tokenizer.is_fast:
        offsets = encoded["offset_mapping"]
        spans = [np.array(pairs, dtype=np.int64).reshape(-1, 2) for pairs in offsets]
    else:
        spans = [_walked(tokenizer, *pair) for pair in zip(texts, ids, strict=True)]
    if width:  # offsets are in the text of k-mers and spaces
        spans = [
            np.where(pairs[:, 1:] > 0, pairs[:, :1] // (width + 1) + (0, width), 0)
            for pairs in spans
        ]
    for number, (sequence, tokens, pairs) in enumerate(zip(sequences, ids, spans, strict=True)):
        unknown = np.array(tokens) == tokenizer.unk_token_id
        _check_spelling(f"sequence {number}", sequence, pairs, unknown=unknown, width=width)
    return Encoded(ids, spans)


def token_spans(
    tokenizer: PreTrainedTokenizerBase, sequences: Sequence[str]
) -> list[npt.NDArray[np.int64]]:
    """Half-open spans ``[start, end)`` of every token in its sequence; specials have (0, 0)."""
    return encode(tokenizer, sequences).spans


def _kmer_length(tokenizer: PreTrainedTokenizerBase) -> int:
    """Length of the k-mers of a vocabulary of nothing else, 0 for any other vocabulary."""
    words = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
    lengths = {len(word) for word in words}
    return lengths.pop() if len(lengths) == 1 and min(lengths) > 1 else 0


def _readable(sequences: Sequence[str], width: int) -> list[str]:
    if not width:
        return list(sequences)
    for number, sequence in enumerate(sequences):
        if len(sequence) < width:
            raise InputError(
                f"sequence {number}: has {len(sequence)} bases but the model reads {width}-mers; "
                f"give at least {width}"
            )
    return [
        " ".join(s[start : start + width] for start in range(len(s) - width + 1)) for s in sequences
    ]


def _walked(
    tokenizer: PreTrainedTokenizerBase, text: str, ids: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Spans of a tokenizer that tells none: its tokens one after the other along the text."""
    pieces = tokenizer.tokenize(text)
    before = tokenizer.build_inputs_with_special_tokens([-1]).index(-1)
    spans, start = np.zeros((len(ids), 2), dtype=np.int64), 0
    for index, piece in enumerate(pieces, before):
        start = text.find(piece, start)
        if start < 0:
            raise InputError(
                f"token {piece!r} is not in the sequence where it should be; the tokenizer does "
                "not spell DNA, use one that gives offsets"
            )
        spans[index] = start, start + len(piece)
        start += len(piece)
    return spans


def _check_spelling(
    where: str,
    sequence: str,
    spans: npt.NDArray[np.int64],
    *,
    unknown: npt.NDArray[np.bool_],
    width: int,
) -> None:
    for start, end in spans[unknown]:
        hidden = sequence[start:end]
        if (width and "N" not in hidden) or (not width and hidden.strip("N")):
            raise InputError(
                f"{where}: bases {start + 1} to {end} are one unknown token, {hidden[:20]!r}; the "
                "tokenizer does not read DNA as the model does, use the model's own"
            )
    if width or (spans[:, 1] - spans[:, 0]).sum() == len(sequence):
        return
    left_out = np.ones(len(sequence), dtype=bool)
    for start, end in spans:
        left_out[start:end] = False
    missing = [position for position in np.flatnonzero(left_out) if sequence[position] != "N"]
    if missing:
        raise InputError(
            f"{where}: no token holds base {missing[0] + 1}, {sequence[missing[0]]!r}; the "
            "tokenizer leaves out what it does not know, use the model's own"
        )


def _encode_barred(
    tokenizer: PreTrainedTokenizerBase,
    sequences: Sequence[str],
    barred: Sequence[npt.NDArray[np.bool_]],
) -> Encoded:
    if _kmer_length(tokenizer):
        raise InputError(
            "segmentations: a tokenizer of k-mers has no merges to drop; set draws to 0"
        )
    bounds = [
        [0, *(np.flatnonzero(junctions) + 1).tolist(), len(sequence)]
        for sequence, junctions in zip(sequences, barred, strict=True)
    ]
    pieces = [
        [sequence[start:end] for start, end in pairwise(ends)]
        for sequence, ends in zip(sequences, bounds, strict=True)
    ]
    split = tokenizer(pieces, is_split_into_words=True, return_offsets_mapping=True)
    spans = []
    for row, ends in enumerate(bounds):
        begins = [0 if piece is None else ends[piece] for piece in split.word_ids(row)]
        spans.append(np.array(split["offset_mapping"][row], dtype=np.int64) + np.c_[begins])
    return Encoded(split["input_ids"], spans)
