"""Checkpoints of Hugging Face's own encoders: read, checked, verified, fine-tuned."""

import json
import logging
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sections import model_section
from toy_encoders import MODELS
from transformers import EsmTokenizer

from dnalrp.command import main
from dnalrp.errors import InputError
from dnalrp.models.building import build_model
from dnalrp.models.loading import load
from dnalrp.models.prediction import predict


@pytest.fixture(params=["bert", "esm", "esm absolute", "esm gated", "modernbert"])
def checkpoint(request, byte_pairs, tmp_path):
    """A folder with a trained classifier, and the model that was saved there."""
    model = MODELS[request.param](4, 0).eval()
    model.tokenizer = byte_pairs
    model.save_pretrained(tmp_path)
    byte_pairs.save_pretrained(tmp_path)
    return tmp_path, model


def change_tensors(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def without(tensors, part):
    for name in [name for name in tensors if part in name]:
        del tensors[name]


def test_saved_and_loaded_is_the_same(checkpoint, sequences, caplog):
    folder, model = checkpoint
    loaded = load(folder)
    assert not loaded.training and not caplog.records
    assert predict(loaded, sequences) == pytest.approx(predict(model, sequences), abs=1e-6)


def test_saved_again_it_keeps_the_names_of_its_tensors(checkpoint, sequences, tmp_path):
    loaded = load(checkpoint[0])
    loaded.save_pretrained(tmp_path / "again")
    loaded.tokenizer.save_pretrained(tmp_path / "again")
    assert set(load_file(tmp_path / "again/model.safetensors")) == set(loaded.state_dict())
    again = load(tmp_path / "again")
    assert predict(again, sequences) == pytest.approx(predict(loaded, sequences), abs=1e-6)


def test_command_verifies_it(checkpoint, capsys):
    folder, _ = checkpoint
    assert main(["verify", str(folder), "--json"]) == 0
    values = {check["check"]: check["value"] for check in json.loads(capsys.readouterr().out)}
    assert values["ledger gap in float64"] < 1e-12


def test_missing_tensor_is_refused(checkpoint):
    folder, _ = checkpoint
    change_tensors(folder, lambda tensors: tensors.pop(next(n for n in tensors if ".1." in n)))
    with pytest.raises(InputError, match="lacks 1 tensors"):
        load(folder)


def test_tensor_left_over_is_refused(checkpoint):
    folder, _ = checkpoint
    change_tensors(folder, lambda tensors: tensors.update(adapter=torch.zeros(2)))
    with pytest.raises(InputError, match="no place for, 'adapter'"):
        load(folder)


def test_tensor_of_another_shape_is_refused(checkpoint):
    folder, _ = checkpoint

    def widen(tensors):
        name = next(
            name for name in tensors if name.endswith(("Wi.weight", "mediate.dense.weight"))
        )
        tensors[name] = torch.zeros(2 * len(tensors[name]), tensors[name].shape[1])

    change_tensors(folder, widen)
    with pytest.raises(InputError, match="cannot be loaded") as error:
        load(folder)
    assert "\n" not in str(error.value)


def test_checkpoint_without_a_classifier_gets_a_new_one(checkpoint, sequences, caplog):
    folder, _ = checkpoint
    change_tensors(folder, lambda tensors: without(tensors, "classifier"))
    with caplog.at_level(logging.WARNING, "dnalrp"):
        model = load(folder, num_labels=3)
    assert "fine-tune before explaining" in caplog.text
    assert predict(model, sequences).shape == (len(sequences), 3)


def test_older_rotary_checkpoint_has_its_angles(byte_pairs, tmp_path, sequences):
    model = MODELS["esm"](4, 0).eval()
    model.tokenizer = byte_pairs
    model.save_pretrained(tmp_path)
    byte_pairs.save_pretrained(tmp_path)
    change_tensors(tmp_path, lambda tensors: without(tensors, "inv_freq"))
    expected = predict(model, sequences)
    assert predict(load(tmp_path), sequences) == pytest.approx(expected, abs=1e-6)


def test_pickle_is_not_run(checkpoint):
    folder, _ = checkpoint
    witness = folder / "witness"

    class Malicious:
        def __reduce__(self):
            return (Path.touch, (witness,))

    (folder / "model.safetensors").unlink()
    torch.save({"weight": Malicious()}, folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="more than weights"):
        load(folder)
    assert not witness.exists()


def test_code_of_a_checkpoint_is_named_and_not_run(checkpoint, caplog):
    folder, _ = checkpoint
    settings = json.loads((folder / "config.json").read_text())
    settings["auto_map"] = {"AutoModelForSequenceClassification": "modelling.Model"}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "modelling.py").write_text("raise SystemExit")
    with caplog.at_level(logging.WARNING, "dnalrp"):
        load(folder)
    assert "code of its own, which is not run" in caplog.text


def test_tokenizer_that_is_too_large_is_refused(checkpoint, byte_pairs):
    folder, _ = checkpoint
    settings = json.loads((folder / "tokenizer.json").read_text())
    settings["model"]["vocab"]["ACGTACGT"] = 64
    (folder / "tokenizer.json").write_text(json.dumps(settings))
    with pytest.raises(InputError, match="the tokenizer has 65 tokens but the model 64"):
        load(folder)


def test_tokenizer_that_does_not_spell_dna_is_refused(checkpoint):
    folder, _ = checkpoint
    settings = json.loads((folder / "tokenizer.json").read_text())
    settings["normalizer"] = {"type": "Lowercase"}
    (folder / "tokenizer.json").write_text(json.dumps(settings))
    with pytest.raises(InputError, match="the tokenizer does not spell DNA"):
        load(folder)


def test_vocabulary_of_the_nucleotide_transformer_is_read(tmp_path):
    special = ["<unk>", "<pad>", "<mask>", "<cls>", "<eos>", "<bos>"]
    pairs = ["".join(pair) for pair in product("ACGT", repeat=2)]
    model = MODELS["esm"](4, 0).eval()
    model.save_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join([*special, *pairs, *"ACGTN"]))
    EsmTokenizer(str(tmp_path / "vocab.txt"), eos_token=None).save_pretrained(tmp_path)
    loaded = load(tmp_path)
    tokens = loaded.tokenizer.convert_ids_to_tokens(loaded.tokenizer("ACGTN")["input_ids"])
    assert tokens == ["<cls>", "AC", "GT", "N"]
    assert np.isfinite(predict(loaded, ["ACGTN", "A"])).all()


def test_workflow_starts_from_it(checkpoint):
    folder, model = checkpoint
    kind = model.config.model_type
    built = build_model(model_section(kind, pretrained=str(folder)), [], seed=1)
    assert built.config.model_type == kind
    with pytest.raises(InputError, match="'architecture' says dnabert2"):
        build_model(model_section("dnabert2", pretrained=str(folder)), [], seed=1)
    with pytest.raises(InputError, match="is not trained from random weights"):
        section = model_section(kind, pretrained=str(folder))
        build_model(section.model_copy(update={"pretrained": None}), [], seed=1)
