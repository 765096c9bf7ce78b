"""What a stage's digest of its code follows, and what it leaves alone."""

import pytest

from dnalrp import code_digest
from dnalrp.code_digest import code_digest as digest_of

FILES = {
    "__init__.py": '__version__ = "1"\n',
    "stage.py": "def run():\n    from dnalrp.tools import reader\n    return reader.read()\n",
    "tools/__init__.py": "from dnalrp.tools.deep import DEPTH\n",
    "tools/reader.py": '"""Reads."""\n\n\ndef read():\n    """Read."""\n    return 1\n',
    "tools/deep.py": "DEPTH = 1\n",
    "catalogue.py": "class Catalogue: ...\n",
    "metrics/catalogue.py": 'METRICS = {"a": "dnalrp.metrics.a:score"}\n',
    "metrics/a.py": "def score(): return 1\n",
    "methods/catalogue.py": "METHODS = {}\n",
    "settings/all.py": "from dnalrp.metrics.a import score\n",
    "job.py": "RUNNING = 1\n",
}
SCRIPTS = {
    "job.py": "from dnalrp.job import RUNNING\n",
    "stage.py": "from job import RUNNING\nfrom dnalrp.stage import run\n",
    "judge.py": "from dnalrp.metrics.catalogue import METRICS\n",
    "explain.py": "from dnalrp.methods.catalogue import METHODS\nfrom dnalrp.settings import all\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for folder, files in (("dnalrp", FILES), ("scripts", SCRIPTS)):
        for name, text in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    monkeypatch.setattr(code_digest, "PACKAGE", (tmp_path / "dnalrp").resolve())
    return tmp_path


def digests(project, *extensions):
    for cached in (code_digest._names, code_digest._parsed, code_digest._code_text):
        cached.cache_clear()
    return {name: digest_of(project / "scripts" / name, extensions) for name in SCRIPTS}


def changed_by(project, path, text, *extensions):
    """Scripts whose digest changes as a file does."""
    before = digests(project, *extensions)
    (project / path).write_text(text)
    after = digests(project, *extensions)
    return {name for name in SCRIPTS if before[name] != after[name]}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("dnalrp/tools/reader.py", "def read():\n    return 2\n", {"stage.py"}),
        ("dnalrp/tools/deep.py", "DEPTH = 2\n", {"stage.py"}),  # by its package's __init__
        ("dnalrp/metrics/a.py", "def score(): return 2\n", {"judge.py"}),  # named in a string
        ("dnalrp/job.py", "RUNNING = 2\n", {"job.py", "stage.py"}),
        ("scripts/job.py", "from dnalrp.job import RUNNING\nB = 1\n", {"stage.py"}),
        ("dnalrp/__init__.py", '__version__ = "2"\n', set()),
        ("dnalrp/settings/all.py", "A = 1\n", set()),
        ("dnalrp/tools/reader.py", "# new\ndef read(): return 1\n\n", set()),
    ],
)
def test_what_a_script_runs_is_in_its_digest(project, path, text, expected):
    assert changed_by(project, path, text) == expected


def test_an_extension_counts_where_its_catalogue_is_read(project):
    extension = project / "mine.py"
    extension.write_text("from dnalrp.metrics.catalogue import METRICS\nimport helper\n")
    (project / "helper.py").write_text("A = 1\n")
    without, having = digests(project), digests(project, extension)
    assert {name for name in SCRIPTS if without[name] != having[name]} == {"judge.py"}
    new = "from dnalrp.metrics.catalogue import METRICS\nimport helper\nB = 1\n"
    assert changed_by(project, "mine.py", new, extension) == {"judge.py"}
    assert changed_by(project, "helper.py", "A = 2\n", extension) == {"judge.py"}


def test_an_extension_of_no_catalogue_counts_for_all(project):
    (project / "mine.py").write_text("A = 1\n")
    assert changed_by(project, "mine.py", "A = 2\n", project / "mine.py") == set(SCRIPTS)


def test_an_extension_that_is_not_there_is_left_to_the_settings(project):
    assert digests(project, project / "gone.py") == digests(project)
