"""What the published fine-tuning code leaves behind is read as it is."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import toy_dnabert2
from safetensors.torch import load_file
from sections import model_section

import dnalrp
from dnalrp.errors import InputError
from dnalrp.models.building import build_model
from dnalrp.models.checkpoints import checkpoint_files, find_checkpoint
from dnalrp.models.loading import load
from dnalrp.models.prediction import predict
from dnalrp.models.tokenizer import nucleotide_tokenizer


def write_published(folder, model, weights="pytorch_model.bin"):
    """A checkpoint as the published code and its transformers 4.29 write it."""
    model.save_pretrained(folder)
    state = load_file(folder / "model.safetensors")
    if weights == "pytorch_model.bin":
        (folder / "model.safetensors").unlink()
        torch.save(state, folder / "pytorch_model.bin")
    ours = json.loads((folder / "config.json").read_text())
    kept = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers")
    hub = "zhihan1996/DNABERT-2-117M"
    settings = {name: ours[name] for name in (*kept, "vocab_size", "hidden_dropout_prob")}
    settings |= {
        "_name_or_path": hub,
        "alibi_starting_size": 512,
        "architectures": ["BertForSequenceClassification"],
        "attention_probs_dropout_prob": 0.0,
        "auto_map": {"AutoConfig": f"{hub}--configuration_bert.BertConfig"},
        "classifier_dropout": None,
        "gradient_checkpointing": False,
        "hidden_act": "gelu",
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512,
        "model_type": "bert",
        "pad_token_id": 0,  # BERT's default, which the published configuration does not set
        "position_embedding_type": "absolute",
        "problem_type": "single_label_classification",
        "torch_dtype": "float32",
        "transformers_version": "4.29.2",
        "type_vocab_size": 2,
        "use_cache": True,
    }
    if model.config.num_labels > 2:
        settings["id2label"] = {str(k): f"LABEL_{k}" for k in range(model.config.num_labels)}
        settings["label2id"] = {f"LABEL_{k}": k for k in range(model.config.num_labels)}
    (folder / "config.json").write_text(json.dumps(settings))
    for unread in ("optimizer.pt", "rng_state.pth", "scheduler.pt", "training_args.bin"):
        (folder / unread).write_bytes(b"\x80\x04never unpickled")


def write_state(folder, best):
    state = {"best_metric": 0.3, "best_model_checkpoint": best, "global_step": 600}
    (folder / "trainer_state.json").write_text(json.dumps(state))


@pytest.fixture
def run(tmp_path, byte_pairs):
    """A run's folder with three checkpoints, the second the best, the tokenizer beside them."""
    folder = tmp_path / "output" / "dnabert2"
    for seed, step in enumerate((400, 1000, 200)):  # as text, 1000 comes before 200
        checkpoint = folder / f"checkpoint-{step}"
        write_published(checkpoint, toy_dnabert2(byte_pairs, seed=seed).float())
        write_state(checkpoint, "output/dnabert2/checkpoint-400")
    byte_pairs.save_pretrained(folder)
    # the published code truncates and pads, and its tokenizer file says so
    settings = json.loads((folder / "tokenizer.json").read_text())
    settings["truncation"] = {
        "direction": "Right",
        "max_length": 5,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    (folder / "tokenizer.json").write_text(json.dumps(settings))
    return folder


def test_a_checkpoint_gives_the_outputs_of_the_model_that_was_saved(run, byte_pairs, sequences):
    expected = predict(toy_dnabert2(byte_pairs, seed=1).float(), sequences)
    loaded = load(run / "checkpoint-1000", trained=True)
    np.testing.assert_allclose(predict(loaded, sequences), expected, rtol=1e-4, atol=1e-4)
    maps = dnalrp.explain(loaded.double(), sequences, "attnlrp", progress=False)
    np.testing.assert_allclose(maps.ledger.sum(axis=1), maps.outputs, rtol=1e-8, atol=1e-8)


def test_what_is_written_again_is_a_folder_of_our_own(run, tmp_path):
    load(run).save_pretrained(tmp_path / "ours")
    settings = json.loads((tmp_path / "ours" / "config.json").read_text())
    assert settings["model_type"] == "dnabert2" and "auto_map" not in settings
    assert (tmp_path / "ours" / "model.safetensors").is_file()


def test_a_run_stands_for_its_best_checkpoint_and_the_log_says_so(run, caplog):
    with caplog.at_level(logging.INFO, "dnalrp"):
        found = find_checkpoint(run)
    assert found == (str(run / "checkpoint-400"), str(run))
    assert "reading checkpoint-400, the best by" in caplog.text


def test_a_run_that_was_moved_to_another_machine_keeps_its_best(run):
    write_state(run, "C:\\work\\output\\checkpoint-200")
    assert find_checkpoint(run).model == str(run / "checkpoint-200")


@pytest.mark.parametrize("best", [None, "output/checkpoint-9"])
def test_without_a_known_best_the_last_is_read(run, caplog, best):
    for folder in run.glob("checkpoint-*"):
        write_state(folder, best)
    with caplog.at_level(logging.INFO, "dnalrp"):
        assert find_checkpoint(run).model == str(run / "checkpoint-1000")
    assert "reading checkpoint-1000, the last" in caplog.text


def test_a_run_that_also_saved_its_model_stands_for_that(run):
    for file in ("config.json", "pytorch_model.bin"):
        shutil.copy(run / "checkpoint-200" / file, run)
    assert find_checkpoint(run) == (str(run), str(run))


def test_the_files_are_those_that_loading_reads(run):
    names = {path.relative_to(run).as_posix() for path in checkpoint_files(run)}
    read = {f"checkpoint-400/{f}" for f in ("config.json", "pytorch_model.bin")}
    read |= {"checkpoint-400/trainer_state.json", "tokenizer.json", "tokenizer_config.json"}
    assert names == read
    assert checkpoint_files("zhihan1996/DNABERT-2-117M") == []


def test_safetensors_and_three_classes_are_read_too(tmp_path, byte_pairs, sequences):
    model = toy_dnabert2(byte_pairs, labels=3).float()
    write_published(tmp_path, model, weights="model.safetensors")
    byte_pairs.save_pretrained(tmp_path)
    section = model_section("dnabert2", pretrained=str(tmp_path), training=None)
    taken = build_model(section, [], seed=1, num_labels=None)
    assert taken.config.num_labels == 3
    np.testing.assert_allclose(
        predict(taken, sequences), predict(model, sequences), rtol=1e-4, atol=1e-4
    )


def test_a_checkpoint_without_classifier_cannot_be_taken_as_it_is(tmp_path, byte_pairs):
    model = toy_dnabert2(byte_pairs).float()
    write_published(tmp_path, model)
    state = torch.load(tmp_path / "pytorch_model.bin", weights_only=True)
    kept = {name: w for name, w in state.items() if not name.startswith("classifier")}
    torch.save(kept, tmp_path / "pytorch_model.bin")
    byte_pairs.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"has no classifier, 'classifier.bias' is missing"):
        section = model_section("dnabert2", pretrained=str(tmp_path), training=None)
        build_model(section, [], seed=1, num_labels=None)


def test_an_adapter_alone_is_refused(tmp_path):
    folder = tmp_path / "run" / "checkpoint-10"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match="holds an adapter without its model; merge"):
        load(tmp_path / "run")


def test_a_missing_tokenizer_is_named(run):
    (run / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"has no tokenizer.json, nor has the folder above; copy"):
        load(run)


def test_a_classifier_of_other_classes_is_not_replaced_in_silence(run):
    with pytest.raises(InputError, match=r"tensors are not those of config.json with 3 classes"):
        load(run, num_labels=3)


@pytest.mark.parametrize(
    "name", ["gone", "a/b/c", "./gone", "../gone", "/gone/away", "~/model", "tests/gone"]
)
def test_a_path_that_leads_nowhere_is_not_asked_of_the_hub(name, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    with pytest.raises(InputError, match=f"{name}: no such folder; correct the path"):
        find_checkpoint(name)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "no config.json there"),
        (lambda f: (f / "config.json").write_text("{"), "config.json is no JSON"),
        (lambda f: (f / "config.json").write_text("[1]"), "config.json holds no settings"),
        (lambda f: change(f, num_attention_heads=0), "24 is not a multiple of num_attention_he"),
        (lambda f: (f / "model.safetensors").unlink(), "holds no weights; put model.safetens"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "cannot be loaded"),
        (lambda f: nucleotide_tokenizer().save_pretrained(f), "tokens and the model 64; put"),
    ],
)
def test_a_damaged_folder_is_named_in_one_line(damage, message, dnabert2, tmp_path):
    dnabert2.float().save_pretrained(tmp_path)
    dnabert2.tokenizer.save_pretrained(tmp_path)
    damage(tmp_path)
    with pytest.raises(InputError, match=message) as error:
        dnalrp.load(tmp_path)
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def change(folder, **settings):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
