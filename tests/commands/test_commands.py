"""The command line: what it writes, what it prints where, and how it ends."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dnalrp.command import COMMANDS, main
from dnalrp.commands import fetch
from dnalrp.commands.table import print_table

ROOT = Path(__file__).parents[2]


def test_help_of_every_command_has_examples(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0
        assert f"dnalrp {name}" in capsys.readouterr().out.split("examples:")[1]


@pytest.mark.parametrize(
    "arguments", [[], ["explian"], ["fetch"], ["fetch", "hg83"], ["explain", "m", "--out", "o"]]
)
def test_a_mistake_ends_with_2_and_no_traceback(arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert "dnalrp" in capsys.readouterr().err


def test_tables_for_people_are_aligned(capsys):
    table = pd.DataFrame({"id": ["a", "x" * 5000], "value": [1, 0.12345], "note": [None, "no"]})
    print_table(table, as_json=False)
    head, first, second = capsys.readouterr().out.splitlines()
    assert second == f"{'x' * 97}...  0.123 no"
    assert first == f"a{' ' * 105}1"
    assert head == f"id{' ' * 100}value note"
    print_table(table, as_json=True)
    assert json.loads(capsys.readouterr().out)[1]["id"] == "x" * 5000


def test_fetch_lists_what_is_known(capsys):
    assert main(["fetch", "--list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["janggu"]["sha256"] and rows["hg38"]["sha256"] is None and rows["hg38"]["note"]
    assert main(["fetch", "--list"]) == 0
    assert "hg38" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["fetch", "hg38", "--to"], ["report", ".", "--config", "CONFIG", "--out"]]
)
def test_a_file_in_the_place_of_the_folder_is_named(arguments, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    arguments = [text.replace("CONFIG", str(ROOT / "config.yaml")) for text in arguments]
    assert main([*arguments, str(tmp_path / "file/x")]) == 2
    assert "file is a file; give another folder" in capsys.readouterr().err


def test_fetch_from_a_mirror_on_trust_says_what_to_pin(tmp_path, capsys):
    (tmp_path / "sacCer3.fa.gz").write_bytes(gzip.compress(b">chrI\nACGT\n", mtime=0))
    out = tmp_path / "out"
    arguments = ["fetch", "sacCer3", "--to", str(out), "--mirror", str(tmp_path), "--offline"]
    assert main(arguments) == 2
    assert "no SHA-256 is known" in capsys.readouterr().err
    assert main([*arguments, "--trust-first", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["path"] == str(out / "sacCer3.fa.gz")
    assert main([*arguments[:3], str(out / "other"), "--offline", "--trust-first"]) == 2
    assert "sacCer3.fa.gz: wanted, but offline" in capsys.readouterr().err


def test_report_of_what_is_no_run_is_refused(tmp_path, capsys):
    assert main(["report", str(tmp_path / "gone")]) == 2
    assert "gone: no such folder" in capsys.readouterr().err
    assert main(["report", str(tmp_path), "--config", str(tmp_path / "gone.yaml")]) == 2
    assert "gone.yaml: no such file" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 2
    assert "holds no settings of a run" in capsys.readouterr().err
    arguments = ["report", str(tmp_path), "--config", str(ROOT / "config.yaml")]
    assert main(arguments) == 2
    assert "metrics.tsv: is missing" in capsys.readouterr().err


def test_report_prints_its_table_as_markdown(tmp_path, capsys):
    columns = ["dataset", "model", "method", "level", "map", "axis", "metric", "mean"]
    rows = [
        ("set", "net", method, "nucleotide", "split", "localisation", "auroc", mean)
        for method, mean in (("a", 0.25), ("b", 0.75))
    ]
    overall = pd.DataFrame(rows, columns=columns).assign(low=None, high=None)
    overall.to_csv(tmp_path / "overall.tsv", sep="\t", index=False)
    assert main(["report", str(tmp_path), "--table"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "| dataset | model | level | map | method | AUROC |",
        "| --- | --- | --- | --- | --- | --- |",
        "| set | net | nucleotide | split | a | 0.250 |",
        "| set | net | nucleotide | split | b | **0.750** |",
    ]
    (tmp_path / "overall.tsv").unlink()
    assert main(["report", str(tmp_path), "--table"]) == 2
    assert "overall.tsv: is missing" in capsys.readouterr().err


def test_an_interrupt_ends_with_130_and_no_traceback(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "run", interrupted)
    assert main(["fetch", "--list"]) == 130
    assert capsys.readouterr().err == "dnalrp: interrupted\n"


def test_terminated_it_leaves_nothing_half_written(tmp_path):
    """As when a scheduler ends the job: through a process of its own."""
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from dnalrp.command import main\n"
        "from dnalrp.commands import fetch\n"
        "from dnalrp.provenance import written_whole\n"
        "def run(options):\n"
        "    with written_whole('out') as beside:\n"
        "        print(beside.name, flush=True)\n"
        "        time.sleep(60)\n"
        "fetch.run = run\n"
        "sys.exit(main(['fetch']))\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert (tmp_path / process.stdout.readline().strip()).exists()
        process.terminate()
    assert process.returncode == 143 and not list(tmp_path.iterdir())


def test_a_reader_that_goes_away_is_no_error():
    """As in `dnalrp fetch --list | head -0`, through a process of its own."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "dnalrp.command", "fetch", "--list", "--json"]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, "")


def test_run_hands_everything_that_it_does_not_know_to_snakemake(tmp_path, monkeypatch):
    calls = []

    def become(program, command):
        calls.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").touch()
    start = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    given = {
        ("-n",): ["--cores", "1", "-n"],
        ("tracks", "--cores", "4"): ["--cores", "4", "tracks"],
        ("-j", "3", "--forceall"): ["-j", "3", "--forceall"],
        ("--workflow-profile=slurm",): ["--workflow-profile=slurm"],
        ("--config", "gpu=true"): ["--cores", "1", "--config", "gpu=true"],
        ("--configfile", "mine.yaml", "-n", "tracks"): [
            *("--cores", "1", "-n", "tracks", "--configfile", "mine.yaml")
        ],
        ("--configfile", "mine.yaml", "tracks", "-n"): [
            *("--cores", "1", "tracks", "-n", "--configfile", "mine.yaml")
        ],
        ("--configfile", "mine.yaml", "-n", "--", "tracks"): [
            *("--cores", "1", "-n", "--configfile", "mine.yaml", "--", "tracks")
        ],
        ("--configfile", "mine.yaml", "config/grammar.yaml"): [
            *("--cores", "1", "--configfile", "mine.yaml", str(ROOT / "config/grammar.yaml"))
        ],
        ("--configfile", "mine.yaml", "--configfile", "config/grammar.yaml"): [
            *("--cores", "1", "--configfile", "mine.yaml", str(ROOT / "config/grammar.yaml"))
        ],
    }
    for arguments, expected in given.items():
        with pytest.raises(SystemExit):
            main(["run", *arguments])
        assert calls.pop() == start + expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configfile", "gone.yaml"], "gone.yaml: no such file; write one with dnalrp init"),
        (["--cores", "0"], "--cores 0: give a number of 1 or more"),
        (["--cores", "two"], "--cores two: give a number"),
    ],
)
def test_run_names_the_mistake(arguments, message, capsys):
    assert main(["run", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_other_commands_take_no_arguments_that_they_do_not_know(capsys):
    with pytest.raises(SystemExit) as end:
        main(["verify", "model", "--cores", "2"])
    assert end.value.code == 2 and "unrecognized arguments: --cores 2" in capsys.readouterr().err


def test_the_installed_command_is_this_one():
    script = Path(sys.executable).with_name("dnalrp")
    if not script.is_file():
        pytest.skip("the package is not installed")
    result = subprocess.run(
        [script, "fetch", "--list"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0 and "janggu" in result.stdout


def test_a_command_takes_extensions(tmp_path, capsys):
    path = tmp_path / "broken_extension_of_commands.py"
    path.write_text("raise KeyError('no')")
    assert main(["simulate", "--extension", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "broken_extension_of_commands.py fails (KeyError: 'no')" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit(0)", "ending_extension.py fails (SystemExit: 0)"),
        (
            "from dnalrp.attribution.catalogue import METHODS as m; m.add(m['saliency'])",
            "ending_extension.py: method 'saliency' is declared twice",
        ),
    ],
)
def test_an_extension_that_ends_the_program_or_repeats_a_name_is_named(
    code, message, tmp_path, capsys
):
    path = tmp_path / "ending_extension.py"
    path.write_text(code)
    assert main(["simulate", "--extension", str(path), "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"usage: dnalrp {command}" in capsys.readouterr().out
