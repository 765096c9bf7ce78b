"""DNABERT-2 agrees with the published code and keeps its checkpoint layout."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import toy_dnabert2
from safetensors.torch import load_file

from dnalrp.errors import InputError
from dnalrp.models import prediction
from dnalrp.models.dnabert2 import (
    DnaBert2Config,
    DnaBert2ForMaskedLM,
    DnaBert2ForSequenceClassification,
    alibi_bias,
    alibi_slopes,
)
from dnalrp.models.loading import load
from dnalrp.models.prediction import predict

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def golden():
    return load_file(GOLDEN / "golden.safetensors")


@pytest.fixture(scope="module")
def golden_model(golden):
    settings = json.loads((GOLDEN / "golden.json").read_text())["config"]
    model = DnaBert2ForSequenceClassification(DnaBert2Config.from_dict(settings)).eval()
    weights = {k.removeprefix("weights."): v for k, v in golden.items() if k.startswith("weights.")}
    model.load_state_dict(weights, strict=True)
    return model


def test_outputs_are_those_of_the_published_code(golden, golden_model):
    ids, mask = golden["input.input_ids"], golden["input.attention_mask"]
    with torch.no_grad():
        words = golden_model.bert.embeddings.word_embeddings(ids)
        embeddings = golden_model.bert.embeddings(words, None) * mask[..., None]
        encoded = golden_model.bert(ids, mask)
        logits = golden_model(ids, mask).logits
    expected = golden["expected.embeddings"] * mask[..., None]
    torch.testing.assert_close(embeddings, expected, atol=1e-5, rtol=0)
    last = golden["expected.last_hidden_state"]
    torch.testing.assert_close(encoded.last_hidden_state, last, atol=1e-5, rtol=0)
    torch.testing.assert_close(encoded.pooler_output, golden["expected.pooled"], atol=1e-5, rtol=0)
    torch.testing.assert_close(logits, golden["expected.logits"], atol=1e-5, rtol=0)


def test_alibi_is_that_of_the_published_code(golden):
    ours = alibi_bias(4, 32, torch.float32, torch.device("cpu"))
    torch.testing.assert_close(ours, golden["expected.alibi"], atol=1e-6, rtol=0)


def test_slopes_for_12_heads():
    expected = [2.0**-k for k in range(1, 9)] + [0.70711, 0.35355, 0.17678, 0.08839]
    assert alibi_slopes(12) == pytest.approx(expected, abs=1e-5)


def test_outputs_at_padding_are_zero(golden, golden_model):
    mask = golden["input.attention_mask"]
    with torch.no_grad():
        last = golden_model.bert(golden["input.input_ids"], mask).last_hidden_state
    assert torch.all(last[mask == 0] == 0)


def test_padding_and_batch_do_not_change_logits(dnabert2, sequences):
    together = predict(dnabert2, sequences)
    alone = [predict(dnabert2, [sequence])[0] for sequence in sequences]
    assert together == pytest.approx(np.stack(alone), abs=1e-12)


def test_sequences_tokenised_in_pieces_give_the_same_logits(dnabert2, sequences, monkeypatch):
    whole = predict(dnabert2, sequences)
    monkeypatch.setattr(prediction, "TOKENISED_AT_ONCE", 4)
    assert len(sequences) % 4  # the last piece is a part
    np.testing.assert_allclose(predict(dnabert2, sequences), whole, rtol=1e-10)


def test_masked_language_model_has_the_published_layout():
    config = DnaBert2Config(hidden_size=24, intermediate_size=32, num_attention_heads=4)
    keys = set(DnaBert2ForMaskedLM(config).state_dict())
    assert len(keys) == 142
    assert {
        "bert.embeddings.LayerNorm.weight",
        "bert.encoder.layer.11.attention.self.Wqkv.bias",
        "bert.encoder.layer.0.attention.output.LayerNorm.weight",
        "bert.encoder.layer.0.mlp.gated_layers.weight",
        "bert.encoder.layer.0.mlp.layernorm.bias",
        "cls.predictions.transform.dense.weight",
        "cls.predictions.decoder.bias",
    } <= keys


def published_like_checkpoint(folder, tokenizer):
    """A masked-language checkpoint as on the hub: pickled weights, no model type, no classifier."""
    model = toy_dnabert2(tokenizer).float()
    config = DnaBert2Config.from_dict(model.config.to_dict())
    language_model = DnaBert2ForMaskedLM(config)
    language_model.bert.load_state_dict(model.bert.state_dict(), strict=False)
    tokenizer.save_pretrained(folder)
    settings = {
        k: v for k, v in config.to_dict().items() if k not in ("model_type", "pad_token_id")
    }
    settings |= {"alibi_starting_size": 512, "auto_map": {"AutoModel": "bert_layers.BertModel"}}
    (folder / "config.json").write_text(json.dumps(settings))
    torch.save(language_model.state_dict(), folder / "pytorch_model.bin")
    return model


def test_checkpoint_of_the_hub_loads_and_says_that_its_classifier_is_new(
    tmp_path, byte_pairs, caplog
):
    original = published_like_checkpoint(tmp_path, byte_pairs)
    loaded = load(tmp_path)
    assert "classifier" in caplog.text and "new" in caplog.text
    for name, value in original.bert.encoder.state_dict().items():
        assert torch.equal(loaded.bert.encoder.state_dict()[name], value)


def test_saved_model_gives_the_same_predictions(tmp_path, dnabert2, sequences):
    model = dnabert2.float()
    model.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    assert predict(load(tmp_path), sequences) == pytest.approx(predict(model, sequences), abs=1e-6)


def test_cnn_saved_and_loaded_is_the_same(tmp_path, cnn, sequences):
    model = cnn.float()
    model.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    assert predict(load(tmp_path), sequences) == pytest.approx(predict(model, sequences), abs=1e-6)


def test_cnn_does_not_see_padding(cnn, sequences):
    together = predict(cnn, sequences)
    alone = [predict(cnn, [sequence])[0] for sequence in sequences]
    assert together == pytest.approx(np.stack(alone), abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "config.json").write_text('{"model_type": "gpt2"}'), "gpt2"),
        (lambda f: (f / "config.json").unlink(), "config.json|model folder"),
        (lambda f: (f / "model.safetensors").write_bytes(b"no"), "cannot be loaded"),
    ],
)
def test_other_checkpoints_are_refused_in_one_line(tmp_path, dnabert2, change, message):
    dnabert2.save_pretrained(tmp_path)
    dnabert2.tokenizer.save_pretrained(tmp_path)
    change(tmp_path)
    with pytest.raises(InputError, match=message) as error:
        load(tmp_path)
    assert "\n" not in str(error.value)


def test_checkpoint_with_missing_tensors_is_refused(tmp_path, dnabert2):
    weights = dnabert2.state_dict()
    del weights["bert.encoder.layer.1.mlp.wo.weight"]
    dnabert2.save_pretrained(tmp_path, state_dict=weights)
    dnabert2.tokenizer.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"lacks 1 tensors, 'bert.encoder.layer.1.mlp.wo.weight'"):
        load(tmp_path)


def test_pickle_with_code_is_not_run(tmp_path, byte_pairs):
    published_like_checkpoint(tmp_path, byte_pairs)
    witness = tmp_path / "witness"

    class Malicious:
        def __reduce__(self):
            return (Path.touch, (witness,))

    torch.save({"weight": Malicious()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError):
        load(tmp_path)
    assert not witness.exists()
