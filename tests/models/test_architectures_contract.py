"""What every architecture promises, those of an extension too."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import toy_cnn, toy_dnabert2
from safetensors.torch import load_file, save_file
from sections import ENCODER_SIZE, TRAINING, model_section
from toy_encoders import MODELS
from transformers import PreTrainedConfig

from dnalrp.catalogue import resolve
from dnalrp.errors import InputError
from dnalrp.models.building import build_model
from dnalrp.models.catalogue import ARCHITECTURES, architecture_of, detected_architecture
from dnalrp.models.loading import load
from dnalrp.models.prediction import predict
from dnalrp.models.randomising import randomised
from dnalrp.models.tokenizer import encode, token_ids

EXAMPLES = {
    "dnabert2": toy_dnabert2,
    "regulatory_cnn": lambda _: toy_cnn(),
    **{name: lambda _, name=name: MODELS[name](4, 0).double() for name in MODELS},
}


@pytest.fixture(params=list(ARCHITECTURES))
def architecture(request):
    return ARCHITECTURES[request.param]


@pytest.fixture(params=list(EXAMPLES))
def model(request, byte_pairs):
    model = EXAMPLES[request.param](byte_pairs).float().eval()
    model.tokenizer = getattr(model, "tokenizer", byte_pairs)
    return model


@pytest.fixture
def folder(model, tmp_path):
    model.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    return tmp_path


def test_examples_are_of_every_architecture(byte_pairs):
    kinds = {make(byte_pairs).config.model_type for make in EXAMPLES.values()}
    assert kinds == set(ARCHITECTURES)


def test_what_a_record_names_is_there(architecture):
    config, model = resolve(architecture.config), resolve(architecture.model)
    assert issubclass(config, PreTrainedConfig)
    assert config.model_type == architecture.name and architecture.about
    assert issubclass(model.config_class, config) or model.config_class is config
    assert callable(resolve(architecture.reference))
    for variant in architecture.variants:
        assert issubclass(resolve(variant.model), model)


def test_its_settings_are_its_own_and_explained(architecture):
    fields = architecture.section.model_fields
    assert fields["architecture"].annotation.__args__ == (architecture.name,)
    assert not [name for name, field in fields.items() if not field.description]
    changes = {} if architecture.from_scratch else {"pretrained": "owner/name"}
    section = model_section(architecture.name, **changes)
    written = section.model_dump(mode="json", exclude_unset=True)
    assert architecture.section.model_validate(written) == section
    with pytest.raises(ValueError, match="mistake"):
        architecture.section.model_validate(written | {"mistake": 1})


def test_it_is_detected_by_its_configuration_alone(model, folder):
    settings = json.loads((folder / "config.json").read_text())
    fitting = [name for name, own in ARCHITECTURES.items() if own.fits(settings)]
    assert fitting == [model.config.model_type]
    found = detected_architecture(settings)
    assert found is architecture_of(model)
    assert resolve(found.model_for(settings)) is type(model)


def test_saved_and_loaded_it_is_the_same(model, folder, sequences, caplog):
    loaded = load(folder, trained=True)
    assert type(loaded) is type(model) and not loaded.training and not caplog.records
    np.testing.assert_array_equal(predict(loaded, sequences), predict(model, sequences))
    loaded.save_pretrained(folder / "again")
    loaded.tokenizer.save_pretrained(folder / "again")
    assert set(load_file(folder / "again/model.safetensors")) == set(loaded.state_dict())


def test_without_a_classifier_it_gets_a_new_one_and_says_so(model, folder, sequences, caplog):
    path = folder / "model.safetensors"
    kept = {name: t for name, t in load_file(path).items() if not name.startswith("classifier")}
    save_file(kept, path, metadata={"format": "pt"})
    with caplog.at_level(logging.WARNING, "dnalrp"):
        loaded = load(folder, num_labels=3)
    assert "fine-tune before explaining" in caplog.text
    assert predict(loaded, sequences).shape == (len(sequences), 3)
    with pytest.raises(InputError, match="has no classifier"):
        load(folder, trained=True)


def test_a_tensor_too_few_or_too_many_is_refused(model, folder):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    save_file(tensors | {"stray": torch.ones(1)}, path, metadata={"format": "pt"})
    with pytest.raises(InputError, match="no place for, 'stray'"):
        load(folder)
    inner = next(n for n in tensors if "layer" in n or "convolution" in n)
    del tensors[inner]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(InputError, match="lacks 1 tensors"):
        load(folder)


def test_spans_of_its_tokens_are_the_sequence(model, sequences):
    encoded = encode(model.tokenizer, sequences)
    assert encoded.ids == token_ids(model.tokenizer, sequences)
    longest = 0
    for sequence, spans in zip(sequences, encoded.spans, strict=True):
        covered = [base for start, end in spans for base in range(start, end)]
        assert covered == list(range(len(sequence)))
        longest = max(longest, int((spans[:, 1] - spans[:, 0]).max()))
    assert (longest == 1) == (architecture_of(model).grain == "nucleotide")


def test_order_and_padding_change_no_logit(model, sequences):
    model = model.double()
    alone = np.concatenate([predict(model, [sequence]) for sequence in sequences])
    np.testing.assert_allclose(predict(model, sequences[::-1])[::-1], alone, rtol=0, atol=2e-6)


def test_a_reference_input_has_the_form_of_the_input(model, sequences):
    ids = torch.tensor(token_ids(model.tokenizer, sequences[:1]))
    reference = resolve(architecture_of(model).reference)(model, ids)
    inputs = model.get_input_embeddings()(ids)
    assert reference.shape == inputs.shape and reference.dtype == model.dtype
    assert not torch.equal(reference, inputs.to(reference))


def test_layers_that_rules_can_be_chosen_for_are_there(model):
    modules = dict(model.named_modules())
    assert set(architecture_of(model).layers) <= set(modules)


def test_new_parameters_are_drawn_by_seed_and_nothing_is_left_behind(model):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    first, second, other = (randomised(model, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_it_is_built_from_random_weights_or_says_why_not(architecture, sequences):
    texts = sequences * 10
    if architecture.from_scratch is None:
        section = model_section(architecture.name, pretrained="owner/name")
        with pytest.raises(InputError, match="is not trained from random weights"):
            build_model(section.model_copy(update={"pretrained": None}), texts, seed=1)
        return
    section = model_section(architecture.name)
    first, second, other = (build_model(section, texts, seed=s, num_labels=3) for s in (1, 1, 2))
    assert architecture_of(first) is architecture and first.config.num_labels == 3
    weights = (first.state_dict(), second.state_dict(), other.state_dict())
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert predict(first.eval(), sequences).shape == (len(sequences), 3)


def test_settings_that_contradict_each_other_are_refused(architecture):
    changes = {} if architecture.from_scratch else {"pretrained": "owner/name"}
    training = TRAINING.model_dump()
    adapter = {"adapter": {"rank": 2, "alpha": 4, "dropout": 0.0}}
    dropout = {"segmentation_dropout": 0.1}
    wrong = []
    if not architecture.adaptable:
        wrong.append((adapter, f"training.adapter: a {architecture.name} has no encoder to adapt"))
    if not architecture.has_merges:
        wrong.append((dropout, "training.segmentation_dropout: 0.1, but only DNABERT-2's"))
    for change, message in wrong:
        with pytest.raises(ValueError, match=message):
            model_section(architecture.name, **changes, training=training | change)
    if architecture.from_scratch:
        with pytest.raises(ValueError, match="training: null takes a fine-tuned model as it is"):
            model_section(architecture.name, training=None)


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"size: hidden_size 32 is not a multiple of .* 3; change"):
        model_section("dnabert2", size=ENCODER_SIZE | {"num_attention_heads": 3})


def test_an_unknown_architecture_names_those_there_are(folder):
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"model_type": "llama"}))
    with pytest.raises(InputError, match=r"'llama' is not supported; .*dnabert2 or regulatory_cnn"):
        load(folder)


def test_the_catalogue_is_read_without_what_takes_seconds():
    code = (
        "import sys; import dnalrp.models.catalogue, dnalrp.models.pretraining_settings; "
        "print([m for m in ('torch', 'pandas', 'numpy', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# an encoder of one's own


GUIDE = Path(__file__).parents[2] / "docs/how-to/add-an-architecture.md"
USE = """
from transformers import ElectraConfig, ElectraForSequenceClassification
from dnalrp.extensions import load_extensions
load_extensions({extensions})
from dnalrp.attribution.explanation import methods
from dnalrp.models.building import build_model
from dnalrp.models.catalogue import ARCHITECTURES, architecture_of
from dnalrp.models.prediction import predict
from dnalrp.models.tokenizer import train_byte_pair_tokenizer
from dnalrp.verification import verify
tokenizer = train_byte_pair_tokenizer(["ACGTTGCA", "GGATTACC"] * 9, 16, 3)
config = ElectraConfig(vocab_size=16, hidden_size=16, embedding_size=16, num_hidden_layers=1,
    num_attention_heads=2, intermediate_size=16, pad_token_id=3)
ElectraForSequenceClassification(config).save_pretrained("{folder}")
tokenizer.save_pretrained("{folder}")
training = {training}
section = ARCHITECTURES["electra"].section.model_validate(
    dict(architecture="electra", pretrained="{folder}", revision="main", training=training))
model = build_model(section, [], seed=1)
print(architecture_of(model).name, predict(model.eval(), ["ACGTA", "GG"]).shape)
checks = verify(model, ["ACGTACGGTTACA", "GGATTACCA"])
print(not checks["passed"].eq(False).any(), "attnlrp" in methods(model))
"""


def test_the_guide_s_encoder_and_its_rules_are_a_file_each_from_outside(tmp_path):
    record, rules, *_ = re.findall("```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    files = {"toy_encoder.py": record, "toy_encoder_rules.py": rules}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    code = USE.format(
        extensions=[str(tmp_path / name) for name in files],
        folder=tmp_path / "checkpoint",
        training=TRAINING.model_dump(),
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["electra (2, 2)", "True True"], done.stderr
