"""What tests of pre-training share: a size, crops, and records to cut them from."""

from conftest import random_sequences

from dnalrp.data.crop_settings import CropSettings

CROPS = CropSettings(length=[20, 30], max_n_share=0.1, reverse_complement=0.5)
SIZE = {
    "vocab_size": 32,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "hidden_dropout_prob": 0.1,
}


def write_fasta(path, records):
    path.write_text("".join(f">r{i}\n{record}\n" for i, record in enumerate(records)))
    return path


def varied_records():
    """Random records, one with long runs of N; no 20 bases occur twice."""
    first, second, third = random_sequences(3, 400, 600, seed=5)
    return [first, second[:150] + "N" * 80 + second[150:250] + "N" * 9 + second[250:], third]
