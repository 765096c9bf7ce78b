"""Tokenizers: byte pairs for DNABERT-2, single nucleotides for the CNN."""

from collections.abc import Iterable, Sequence

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
