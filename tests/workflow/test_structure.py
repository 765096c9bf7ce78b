"""The house stays one that a stranger can walk: its rules, counted in the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = next(p for p in Path(__file__).resolve().parents if (p / "pyproject.toml").is_file())
PACKAGE = sorted((ROOT / "src").rglob("*.py"))
SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
ARGUMENTS = 4
OWN_CONTRACTS = ("forward",)  # modules of torch and transformers say what these take


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(function):
    """Lines of a function without its docstring."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        first = function.body[0]
        lines -= first.end_lineno - first.lineno + 1
    return lines


def named(path, node):
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def test_no_file_is_longer_than_400_lines_and_no_script_than_25():
    code = [*PACKAGE, *sorted((ROOT / "tests").rglob("*.py"))]
    assert not [str(p) for p in code if len(p.read_text().splitlines()) > 400]
    assert not [str(p) for p in SCRIPTS if len(p.read_text().splitlines()) > 25]


def test_no_function_is_longer_than_50_lines():
    assert not [named(p, f) for p in PACKAGE for f in functions(p) if code_lines(f) > 50]


def test_no_function_takes_more_than_four_arguments_by_position():
    wrong = []
    for path in PACKAGE:
        for function in functions(path):
            names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
            names = names[1:] if names[:1] in (["self"], ["cls"], ["ctx"]) else names
            if len(names) > ARGUMENTS and function.name not in OWN_CONTRACTS:
                wrong.append(named(path, function))
    assert not wrong


def test_no_lambda_swallows_arguments_and_no_call_splats_a_tuple_to_pack_a_line():
    wrong = []
    for path in PACKAGE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Lambda):
                given = [a.arg for a in node.args.args]
                given += [a.arg for a in (node.args.vararg, node.args.kwarg) if a]
                used = {n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)}
                wrong += [named(path, node)] if set(given) - used else []
            if isinstance(node, ast.Call):
                splats = [a.value for a in node.args if isinstance(a, ast.Starred)]
                wrong += [named(path, node) for value in splats if isinstance(value, ast.Tuple)]
    assert not wrong


def test_settings_are_typed():
    text = "".join(path.read_text(encoding="utf-8") for path in PACKAGE)
    assert text.count("Mapping[str, Any]") < 10


def test_each_architecture_is_named_in_models_alone():
    outside = [p for p in PACKAGE if "models" not in p.relative_to(ROOT / "src/dnalrp").parts]
    assert not [str(p) for p in outside if "regulatory_cnn" in p.read_text(encoding="utf-8")]


@pytest.mark.parametrize("word", ["own", "found", "how"])
def test_no_variable_is_called_by_a_word_that_is_no_noun(word):
    public = {"how": "attribution/maps.py"}  # an old keyword, with a notice
    wrong = []
    for path in PACKAGE:
        if str(path).endswith(public.get(word, "-")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            if (stored and node.id == word) or (isinstance(node, ast.arg) and node.arg == word):
                wrong.append(named(path, node))
    assert not wrong


@pytest.mark.parametrize("path", ["config.yaml", *sorted(p.name for p in ROOT.glob("config/*"))])
def test_configurations_have_no_line_over_100_characters(path):
    file = ROOT / path if path == "config.yaml" else ROOT / "config" / path
    assert not [line for line in file.read_text().splitlines() if len(line) > 100]


def test_file_names_say_what_is_in_them():
    vague = re.compile(r"utils?|helpers?|misc|common|manager")
    assert not [str(p) for p in [*PACKAGE, *SCRIPTS] if vague.fullmatch(p.stem)]
