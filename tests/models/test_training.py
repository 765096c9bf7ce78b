"""Training resumes, augments by seed, and refuses what cannot be learnt."""

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import random_sequences, toy_cnn
from sections import CNN_SIZE, TRAINING, changed, model_section
from sklearn.utils.class_weight import compute_class_weight
from snakemake.utils import update_config

import dnalrp
from dnalrp import training
from dnalrp.attribution.targets import Target
from dnalrp.data.labels import Labels, read_labels
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError
from dnalrp.models.building import build_model
from dnalrp.models.prediction import predict, prediction_table
from dnalrp.models.training_settings import Adapter, Training
from dnalrp.performance import performance
from dnalrp.settings import read_configuration
from dnalrp.training import (
    LabelledSequences,
    check_class_names,
    check_outputs,
    name_classes,
    train,
)

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[2]
SMALL = {"filters": 8, "kernel_size": 7, "second_filters": 8, "hidden_size": 8, "dropout": 0.2}
SETTINGS = changed(TRAINING, batch_size=16, weight_decay=0.0, patience=4)


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


def new_cnn(seed=1, labels=2):
    section = model_section("regulatory_cnn", size=CNN_SIZE | SMALL)
    return build_model(section, [], seed=seed, num_labels=labels)


def new_dnabert2(frame, labels=2):
    size = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16}
    size |= {"num_hidden_layers": 1, "num_attention_heads": 2, "hidden_dropout_prob": 0.1}
    section = model_section("dnabert2", size=size)
    return build_model(section, frame["sequence"].tolist(), seed=1, num_labels=labels)


def trained(model, frame, settings, folder):
    return train(model, frame, settings, seed=1, checkpoints=folder, device=CPU)


EASY = changed(SETTINGS, epochs=20, reverse_complement=0.0, patience=None)


def three_classes(count=480):
    """Class 0 carries GATTACA, class 1 TTCCGGTT, class 2 neither."""
    words = ("GATTACA", "TTCCGGTT", "")
    rows = []
    for index, sequence in enumerate(random_sequences(count, 40, 60)):
        label = index % 3
        word = words[label]
        rows.append((f"s{index}", sequence[:10] + word + sequence[10 + len(word) :], label))
    frame = pd.DataFrame(rows, columns=["id", "sequence", "label"])
    frame["split"] = np.array(["train", "train", "train", "dev", "test"])[np.arange(count) // 3 % 5]
    return frame


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


def test_classes_keep_their_names(tmp_path):
    model, texts = new_cnn(), ["ACGTACGTTGCA"]
    name_classes(model, ["MafK", "Oct4"])
    model.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    loaded = dnalrp.load(tmp_path)
    assert loaded.config.id2label == {0: "MafK", 1: "Oct4"}
    by_name, by_number = (
        dnalrp.explain(loaded, texts, "lrp", target=t).outputs for t in ("MafK", 0)
    )
    assert by_name == by_number == -dnalrp.explain(loaded, texts, "lrp").outputs


def test_training_learns_a_motif(tmp_path):
    frame, model = labelled(400), new_cnn()
    history = trained(model, frame, changed(SETTINGS, epochs=10), tmp_path)
    test = frame[frame["split"] == "test"]
    logits = predict(model, test["sequence"].tolist())
    scores = performance(test["label"].to_numpy(), logits[:, 1] - logits[:, 0])
    assert scores["auroc"] > 0.9
    assert history["eval_auroc"].notna().sum() >= 4


ADAPTER = Adapter(rank=2, alpha=4, dropout=0.1)


@pytest.mark.parametrize("adapter", [None, ADAPTER])
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, monkeypatch, adapter):
    frame, settings = labelled(), SETTINGS.model_copy(update={"adapter": adapter})

    def new():
        return new_cnn() if adapter is None else new_dnabert2(frame)

    whole = new()
    trained(whole, frame, settings, tmp_path / "whole")

    class EarlyStoppingCallback(training.EarlyStoppingCallback):
        def on_epoch_begin(self, args, state, control, **kwargs):
            if state.epoch >= 2:
                raise KeyboardInterrupt

    killed = new()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "EarlyStoppingCallback", EarlyStoppingCallback)
        trained(killed, frame, settings, tmp_path / "killed")
    (tmp_path / "killed" / "checkpoint-9999").mkdir()  # a kill while one was being written
    resumed, start = new(), new().state_dict()
    trained(resumed, frame, settings, tmp_path / "killed")
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], weight, rtol=1e-5, atol=1e-6)
    moved = {name for name, w in whole.state_dict().items() if not torch.equal(w, start[name])}
    if adapter is None:
        assert moved == set(start)
    else:
        linear = {n for n in moved if n.endswith(("weight", "classifier.bias"))}
        assert moved == linear and "classifier.weight" in moved
        assert not any("orm" in n or "embeddings" in n for n in moved)


def test_three_classes_are_learnt_predicted_and_explained(tmp_path):
    frame = three_classes()
    model = new_cnn(labels=3)
    history = trained(model, frame, EASY, tmp_path)
    assert history["eval_auroc"].max() > 0.9
    test = frame[frame["split"] == "test"]
    logits = predict(model, test["sequence"].tolist())
    scores = performance(test["label"].to_numpy(), logits)
    assert scores["auroc"] > 0.9 and scores["mcc"] > 0.6
    table = prediction_table(test, logits)
    named = ["id", "label", "split", "predicted", "margin"]
    assert list(table) == [*named, "logit_0", "logit_1", "logit_2"]
    assert (table["predicted"] == logits.argmax(axis=1)).all()
    maps = dnalrp.explain(model, test["sequence"].tolist(), method="lrp", progress=False)
    np.testing.assert_allclose(maps.outputs, table["margin"], rtol=1e-4, atol=1e-4)


def test_several_labels_a_sequence_are_learnt_and_one_is_explained(tmp_path):
    frame = labelled(400)
    second = np.arange(400) // 2 % 2
    frame["sequence"] = [
        s[:25] + ("TTCCGGTT" if on else s[25:33]) + s[33:]
        for s, on in zip(frame["sequence"], second, strict=True)
    ]
    frame["split"] = np.array(["train", "train", "train", "dev", "test"])[np.arange(400) // 4 % 5]
    frame["label"] = [
        ";".join(str(k) for k in (0, 1) if on[k]) for on in zip(frame["label"], second, strict=True)
    ]
    model = new_cnn()
    trained(model, frame, EASY, tmp_path)
    assert model.config.problem_type == "multi_label_classification"
    test = (frame["split"] == "test").to_numpy()
    texts = frame.loc[test, "sequence"].tolist()
    logits, labels = predict(model, texts), read_labels(frame)
    assert performance(labels.values[test], logits)["auroc"] > 0.9
    table = prediction_table(frame[test].assign(id=texts), logits, several=True)
    assert table["predicted"].iloc[0] == ";".join(map(str, np.flatnonzero(logits[0] > 0)))
    maps = dnalrp.explain(model, texts, "lrp", target=Target(1, "logit"), progress=False)
    np.testing.assert_allclose(maps.outputs, logits[:, 1], rtol=1e-4, atol=1e-4)
    with pytest.raises(InputError, match="independent labels"):
        dnalrp.explain(model, texts, "lrp", progress=False)
    one_each = Labels(np.array([0, 1]), 2)
    with pytest.raises(InputError, match="the model has independent labels, but a sequence has"):
        check_outputs(model, one_each, exactly=False)


def test_balanced_weights_are_inverse_to_how_often_a_class_occurs():
    labels = Labels(np.array([0, 0, 0, 1, 2, 2, 0]), 3)
    training_rows = pd.Series([True] * 6 + [False])
    weights = training._class_weights("balanced", labels, training_rows)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels.values[:6])
    np.testing.assert_allclose(weights, expected, rtol=1e-6)
    assert weights[labels.values[:6]].mean() == pytest.approx(1)
    assert training._class_weights([1, 2, 3], labels, training_rows).tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="2 weights for 3 classes"):
        training._class_weights([1, 2], labels, training_rows)


def test_weights_move_the_calls_to_the_rare_class(tmp_path):
    frame = labelled(400)
    frame = frame[(frame["label"] == 0) | (np.arange(400) % 16 < 4)]  # fewer positives
    calls = []
    for weights in (None, [0.02, 5.0]):
        model, settings = new_cnn(), changed(SETTINGS, epochs=2, class_weights=weights)
        trained(model, frame, settings, tmp_path / str(weights))
        calls.append(predict(model, frame["sequence"].tolist()).argmax(axis=1).sum())
    assert calls[1] > calls[0]


def test_the_published_recipe_has_the_published_steps_and_rates(tmp_path):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    update_config(config, yaml.safe_load((ROOT / "config/published.yaml").read_text()))
    read_configuration(config)
    own = copy.deepcopy(config["models"]["dnabert2"]["training"])
    assert own["precision"] == "float16"
    settings = Training.model_validate(own | {"precision": "float32"})
    sequences = 32_378  # those of GUE's first transcription factor
    arguments = training._arguments(settings, sequences, seed=42, folder=tmp_path, device=CPU)
    steps = 3 * 1012
    assert (arguments.eval_steps, arguments.save_steps) == (200, 200)
    assert arguments.metric_for_best_model == "loss" and not arguments.greater_is_better
    trainer = training.Trainer(
        model=new_cnn(), args=arguments, train_dataset=range(sequences), eval_dataset=range(8)
    )
    loader = trainer.get_train_dataloader()
    assert len(loader) * arguments.num_train_epochs == steps
    trainer.create_optimizer_and_scheduler(steps)
    rates = []
    for _ in range(steps):
        rates.append(trainer.optimizer.param_groups[0]["lr"])
        trainer.optimizer.step()
        trainer.lr_scheduler.step()
    assert rates[25] == pytest.approx(1.5e-5)
    assert max(rates) == rates[50] == pytest.approx(3e-5)
    assert rates[50 + (steps - 50) // 2] == pytest.approx(1.5e-5)
    decay = {group["weight_decay"] for group in trainer.optimizer.param_groups}
    assert decay == {0.0, 0.01}


def test_dev_is_seen_every_so_many_steps_and_the_best_by_loss_is_kept(tmp_path):
    settings = changed(
        SETTINGS, epochs=2, evaluate_steps=3, best_by="loss", patience=None, warmup_steps=1
    )
    frame, model = labelled(), new_cnn()
    history = trained(model, frame, settings, tmp_path)
    seen = history.dropna(subset=["eval_loss"])
    assert seen["step"].tolist()[:3] == [3, 6, 9]
    dev = frame[frame["split"] == "dev"]
    logits = torch.from_numpy(predict(model, dev["sequence"].tolist()))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(dev["label"].tolist()))
    assert loss.item() == pytest.approx(seen["eval_loss"].min(), rel=1e-4)


def test_bfloat16_is_mixed_precision_and_float16_needs_a_gpu(tmp_path):
    frame, model = labelled(), new_cnn()
    settings = changed(SETTINGS, epochs=1, precision="bfloat16")
    history = trained(model, frame, settings, tmp_path)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    exact = new_cnn()
    trained(exact, frame, changed(settings, precision="float32"), tmp_path / "x")
    close = predict(exact, frame["sequence"].tolist()), predict(model, frame["sequence"].tolist())
    assert 0 < abs(close[0] - close[1]).max() < 1
    assert history["eval_auroc"].notna().any()
    with pytest.raises(InputError, match="float16 needs a CUDA device"):
        trained(model, frame, changed(settings, precision="float16"), tmp_path)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("enhancer", "label of s3 is 'enhancer': labels are whole numbers"),
        ("1", "label of s3 is '1'"),
        (0.5, "label of s0 is 0.0: labels are whole numbers"),  # a column of decimals
        (None, "label of s3 is missing"),
        (-1, "label of s3 is -1"),
        (123456, "label of s3 is 123456"),
        (4, "the train split has 4 class.es. in 288 sequences, 3 is missing"),
    ],
)
def test_labels_that_are_none_are_refused_in_one_line(tmp_path, label, message):
    frame = three_classes()
    frame["label"] = [*frame["label"][:3], label, *frame["label"][4:]]
    with pytest.raises(InputError, match=message) as error:
        trained(new_cnn(labels=3), frame, SETTINGS, tmp_path)
    assert "\n" not in str(error.value)


def test_a_class_missing_from_dev_is_named(tmp_path):
    frame = three_classes()
    frame = frame[(frame["split"] != "dev") | (frame["label"] != 1)]
    with pytest.raises(InputError, match=r"the dev split has 2 class.es. in 64 sequences, 1 is"):
        trained(new_cnn(labels=3), frame, SETTINGS, tmp_path)


def test_a_model_with_another_number_of_outputs_is_refused(tmp_path):
    with pytest.raises(InputError, match="labels go from 0 to 2 but the model has 2 outputs"):
        trained(new_cnn(), three_classes(), SETTINGS, tmp_path)


def test_one_class_is_refused(tmp_path):
    frame = labelled().assign(label=1)
    with pytest.raises(InputError, match="the train split has 1 class"):
        trained(new_cnn(), frame, SETTINGS, tmp_path)


@pytest.mark.parametrize(
    ("named", "classes", "message"),
    [
        (["Oct4", "MafK"], ["MafK", "Oct4"], "classes are Oct4, MafK in the order .* MafK, Oct4"),
        (["oct4", "mafk"], ["MafK", "Oct4"], "put them in the model's order"),
        (["same", "same"], ["MafK", "Oct4"], "several of its classes by one name"),
        (["MafK", "Oct4"], ["MafK", "Oct4"], None),
        (["LABEL_0", "LABEL_1"], ["MafK", "Oct4"], None),
        (["off", "on"], [], None),
    ],
)
def test_classes_of_a_model_taken_as_it_is_are_in_the_order_of_the_labels(named, classes, message):
    model = toy_cnn()
    model.config.id2label = dict(enumerate(named))
    if message is None:
        check_class_names(model, classes)
    else:
        with pytest.raises(InputError, match=message):
            check_class_names(model, classes)
