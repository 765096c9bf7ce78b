"""Toy encoders of transformers that all tests share."""

from functools import partial

from conftest import randomised
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    EsmConfig,
    EsmForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
)

from dnalrp.models.nucleotide_transformer import NucleotideTransformerForSequenceClassification

SIZES = {"vocab_size": 64, "hidden_size": 24, "num_hidden_layers": 3, "intermediate_size": 40}
POSITIONS = 160
SPECIALS = {
    "pad_token_id": 3,
    "cls_token_id": 1,
    "bos_token_id": 1,
    "sep_token_id": 2,
    "eos_token_id": 2,
}


def toy_bert(heads, seed, **sizes):
    config = BertConfig(
        **SIZES | sizes, num_attention_heads=heads, max_position_embeddings=POSITIONS
    )
    return randomised(BertForSequenceClassification(config), seed)


def toy_esm(heads, seed, position="rotary", kind=EsmForSequenceClassification, **sizes):
    config = EsmConfig(
        **SIZES | sizes,
        num_attention_heads=heads,
        max_position_embeddings=POSITIONS,
        position_embedding_type=position,
        pad_token_id=3,
        mask_token_id=4,
        token_dropout=True,
        emb_layer_norm_before=position == "absolute",
    )
    return randomised(kind(config), seed)


def toy_modernbert(heads, seed, pooling="mean", **sizes):
    """Three layers: one global, two local; biases as published with ``mean``, all with ``cls``."""
    config = ModernBertConfig(
        **SIZES | sizes | SPECIALS,
        num_attention_heads=heads,
        max_position_embeddings=128,
        local_attention=8,
        classifier_pooling=pooling,
        **dict.fromkeys(("norm_bias", "attention_bias", "mlp_bias"), pooling == "cls"),
    )
    return randomised(ModernBertForSequenceClassification(config), seed)


MODELS = {
    "bert": toy_bert,
    "esm": toy_esm,
    "esm absolute": partial(toy_esm, position="absolute"),
    "esm gated": partial(toy_esm, kind=NucleotideTransformerForSequenceClassification),
    "modernbert": toy_modernbert,
    "modernbert cls": partial(toy_modernbert, pooling="cls"),
}
