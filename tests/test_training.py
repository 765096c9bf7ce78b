"""Training resumes, augments by seed, and refuses what cannot be learnt."""

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import random_sequences

from dnalrp import training
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError
from dnalrp.models.building import build_model
from dnalrp.models.prediction import predict
from dnalrp.performance import performance
from dnalrp.training import LabelledSequences, TrainingSettings, train

CPU = torch.device("cpu")
SIZE = {"filters": 8, "kernel_size": 7, "second_filters": 8, "hidden_size": 8}
SETTINGS = TrainingSettings(
    epochs=4,
    batch_size=16,
    learning_rate=0.01,
    weight_decay=0.0,
    warmup_share=0.1,
    reverse_complement=0.5,
    patience=4,
    seed=1,
)


def labelled(count=160):
    """Positives carry GATTACA on either strand."""
    rows = []
    for index, sequence in enumerate(random_sequences(count, 40, 60)):
        word = ("GATTACA", "TGTAATC")[index // 2 % 2] if index % 2 else "GCTAGCA"
        rows.append((sequence[:10] + word + sequence[17:], index % 2))
    frame = pd.DataFrame(rows, columns=["sequence", "label"])
    frame["split"] = np.where(np.arange(count) % 4 < 3, "train", "dev")
    frame.loc[frame.index % 8 >= 6, "split"] = "test"
    frame.loc[frame.index % 8 == 3, "split"] = "dev"
    frame.loc[frame.index % 8 == 2, "split"] = "dev"
    return frame


def new_cnn(seed=1):
    return build_model("regulatory_cnn", SIZE, None, "main", [], 1, seed)


def test_same_seed_same_weights_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    first, second, other = new_cnn(1), new_cnn(1), new_cnn(2)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.classifier.weight, second.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)


def test_augmentation_gives_the_sequence_or_its_reverse_complement(byte_pairs):
    frame = pd.DataFrame({"sequence": ["AACGTTTGCA"], "label": [1]})
    data = LabelledSequences(frame, byte_pairs, reverse_complement=0.5)
    seen = {tuple(data[0]["input_ids"]) for _ in range(40)}
    strands = ["AACGTTTGCA", reverse_complement("AACGTTTGCA")]
    assert seen == {tuple(byte_pairs(strand)["input_ids"]) for strand in strands}


def test_segmentation_dropout_gives_other_tokens_of_the_same_sequence(byte_pairs):
    frame = pd.DataFrame({"sequence": ["AACGTTTGCATTTACAGG"], "label": [1]})
    data = LabelledSequences(frame, byte_pairs, segmentation_dropout=0.3)

    def readings(seed):
        torch.manual_seed(seed)
        return [data[0] for _ in range(20)]

    rows = readings(1)
    assert len({tuple(row["input_ids"]) for row in rows}) > 5
    for row in rows:
        assert row["attention_mask"] == [1] * len(row["input_ids"]) and row["labels"] == 1
        assert byte_pairs.decode(row["input_ids"][1:-1]).replace(" ", "") == frame["sequence"][0]
    assert rows == readings(1)


def test_training_learns_a_motif(tmp_path):
    frame, model = labelled(400), new_cnn()
    history = train(model, model.tokenizer, frame, SETTINGS._replace(epochs=10), tmp_path, CPU)
    test = frame[frame["split"] == "test"]
    logits = predict(model, test["sequence"].tolist())
    scores = performance(test["label"].to_numpy(), logits[:, 1] - logits[:, 0])
    assert scores["auroc"] > 0.9
    assert history["eval_auroc"].notna().sum() >= 4


def test_a_killed_run_resumes_to_the_same_weights(tmp_path, monkeypatch):
    frame = labelled()
    whole = new_cnn()
    train(whole, whole.tokenizer, frame, SETTINGS, tmp_path / "whole", CPU)

    class EarlyStoppingCallback(training.EarlyStoppingCallback):
        def on_epoch_begin(self, args, state, control, **kwargs):
            if state.epoch >= 2:
                raise KeyboardInterrupt

    killed = new_cnn()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "EarlyStoppingCallback", EarlyStoppingCallback)
        train(killed, killed.tokenizer, frame, SETTINGS, tmp_path / "killed", CPU)
    (tmp_path / "killed" / "checkpoint-9999").mkdir()  # a kill while one was being written
    resumed = new_cnn()
    train(resumed, resumed.tokenizer, frame, SETTINGS, tmp_path / "killed", CPU)
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], weight, rtol=1e-5, atol=1e-6)


def test_one_class_is_refused(tmp_path):
    frame = labelled().assign(label=1)
    with pytest.raises(InputError, match="the train split has 1 class"):
        train(new_cnn(), new_cnn().tokenizer, frame, SETTINGS, tmp_path, CPU)
