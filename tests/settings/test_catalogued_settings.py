"""Sections that catalogues choose, options of methods, old words and extensions."""

import copy
import sys

import pytest
from default_settings import DEFAULT, changed, with_methods

from dnalrp.data.sources.catalogue import SOURCES
from dnalrp.errors import InputError
from dnalrp.evaluation.catalogue import AXES
from dnalrp.settings import read_configuration


def test_a_method_is_a_name_or_has_its_options():
    settings = with_methods({"attnlrp": {"alibi": "identity"}}, "random", "attnlrp_randomised")
    configuration = read_configuration(settings)
    first, second, third = configuration.attribute.methods["dnabert2"]
    assert (first.method, first.options.alibi) == ("attnlrp", "identity")
    assert (second.method, second.options.model_dump()) == ("random", {})
    assert (third.method, third.options.alibi) == ("attnlrp_randomised", "absorb")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [{"attnlrp": {"alibi": "ignore"}}],
            "methods.dnabert2.0.attnlrp.alibi: 'ignore' is not one of the choices; choose from abs",
        ),
        (
            [{"attnlrp": {"alibbi": "absorb"}}],
            "dnabert2.0.attnlrp: unknown setting 'alibbi'; did you mean 'alibi'",
        ),
        ([{"attnlrp": None}], "dnabert2.0.attnlrp: None is not of type 'object'"),
        ([{"saliency": {"alibi": "absorb"}}], "dnabert2.0.saliency: unknown setting 'alibi'"),
        (["atnlrp"], "dnabert2.0: 'atnlrp' is not one of the choices; did you mean 'attnlrp'"),
        ([{"a": {}, "b": {}}], "dnabert2.0: .* is no method; write its name, or options too"),
        ([3], "dnabert2.0: 3 is no method"),
        (["random", {"random": {}}], "methods.dnabert2: 'random' is listed twice"),
        ([], r"methods.dnabert2: \[\] should be non-empty"),
    ],
)
def test_a_method_that_cannot_be_read_is_named(entries, message):
    with pytest.raises(InputError, match=f"attribute.{message}|{message}") as error:
        read_configuration(with_methods(*entries))
    assert "\n" not in str(error.value)


def test_options_that_were_settings_of_all_methods_go_to_those_that_have_them(caplog):
    rules = {"dense": {"gamma": 0.1}}
    settings = changed("attribute/alibi", "identity")
    settings["attribute"]["layer_rules"] = rules
    settings["attribute"]["methods"]["dnabert2"].append("attnlrp_randomised")
    attribute = read_configuration(settings).attribute
    options = {c.method: c.options.model_dump(exclude_unset=True) for c in all_choices(attribute)}
    assert options["attnlrp"] == options["attnlrp_randomised"] == {"alibi": "identity"}
    assert options["lrp"] == {"layer_rules": rules}
    assert options["random"] == options["gradient_x_input"] == {}
    notices = [record.getMessage() for record in caplog.records]
    assert len(notices) == 2 and "'attribute.alibi' is now" in notices[0]


def all_choices(attribute):
    return [choice for choices in attribute.methods.values() for choice in choices]


def test_what_a_method_says_itself_goes_before_the_old_word():
    settings = with_methods({"attnlrp": {"alibi": "uniform"}})
    settings["attribute"]["alibi"] = "identity"
    (choice,) = read_configuration(settings).attribute.methods["dnabert2"]
    assert choice.options.alibi == "uniform"


def test_rule_of_a_simulated_data_set_is_an_old_word_for_grammar(caplog):
    settings = changed("datasets/implant/grammar", None)
    settings["datasets"]["implant"]["rule"] = "all"
    assert read_configuration(settings).datasets["implant"].grammar == "all"
    assert "datasets.implant: 'rule' is now 'grammar'" in caplog.text
    settings["datasets"]["implant"]["rule"] = "some"
    with pytest.raises(InputError, match=r"datasets\.implant\.rule: 'some' is not one of"):
        read_configuration(settings)


def test_rule_may_be_laid_over_a_data_set_with_a_grammar(caplog):
    settings = changed("datasets/implant/rule", "all")
    assert settings["datasets"]["implant"]["grammar"] == "any"
    assert read_configuration(settings).datasets["implant"].grammar == "all"
    assert "datasets.implant: 'rule' is now 'grammar'" in caplog.text


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_number_without_a_size_is_refused_in_every_section(value):
    rules = {"layer_rules": {"dense": {"gamma": value}}}
    settings = copy.deepcopy(DEFAULT)
    settings["attribute"]["methods"] = {"cnn": [{"lrp": rules}]}
    for given in (settings, changed("models/cnn/training/learning_rate", value)):
        with pytest.raises(InputError, match=r"(gamma|learning_rate): (inf|nan)"):
            read_configuration(given)


EXTENSION = '''
from typing import Literal
from dnalrp.data.sources.base import DatasetSection, Shortest, Source
from dnalrp.data.sources.catalogue import SOURCES
from dnalrp.evaluation.catalogue import AXES, Axis
from dnalrp.section import Count, Section

class ToySection(DatasetSection):
    """Sequences of one letter."""
    source: Literal["toy"]
    """What the data set is read from."""
    length: Count
    """Bases a sequence."""
    def shortest_sequence(self):
        return Shortest("length", self.length)

class ToyAxisSettings(Section):
    """How the toy is judged."""
    draws: Count = 3
    """How often."""

SOURCES.add(Source("toy", ToySection, "nowhere:prepare", "a toy"))
AXES.add(Axis(name="toy_axis", settings=ToyAxisSettings))
'''


@pytest.fixture
def extension(tmp_path):
    path = tmp_path / "toy_settings_extension.py"
    path.write_text(EXTENSION)
    yield path
    sys.modules.pop(path.stem, None)
    SOURCES._entries.pop("toy", None)
    AXES._entries.pop("toy_axis", None)


def test_what_an_extension_adds_can_be_set(extension):
    settings = copy.deepcopy(DEFAULT) | {"extensions": [str(extension)]}
    settings["datasets"] = {"own": {"source": "toy", "length": 50}}
    settings["evaluate"]["toy_axis"] = {"draws": 5}
    configuration = read_configuration(settings)
    assert configuration.datasets["own"].length == 50
    assert configuration.evaluate.axes()["toy_axis"].draws == 5
    del settings["evaluate"]["toy_axis"]
    assert read_configuration(settings).evaluate.axes()["toy_axis"].draws == 3
    settings["datasets"]["own"]["length"] = 0
    with pytest.raises(InputError, match=r"datasets\.own\.length: 0 is less than the minimum of 1"):
        read_configuration(settings)
    settings["datasets"]["own"]["length"] = 40
    with pytest.raises(InputError, match=r"own\.length: 40 is less than the 41 bases that motif"):
        read_configuration(settings)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["gone.py"], "extensions: gone.py is no Python file"),
        ("mine.py", "extensions: 'mine.py' is not of type 'array'"),
        ([3], r"extensions\.0: 3 is not of type 'string'"),
    ],
)
def test_extensions_that_cannot_be_loaded_are_named(value, message):
    with pytest.raises(InputError, match=message):
        read_configuration(DEFAULT | {"extensions": value})
