"""Pages of the documentation name files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/dnalrp"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("docs", "docs/how-to")
    for path in (ROOT / folder).glob("*.md")
)
MADE = ("results", "output", "maps")


def folders(parent):
    return {path.name for path in parent.iterdir() if path.is_dir()} - {*MADE, "__pycache__"}


def prose(page):
    """A page without its blocks of code, which are examples of files that a reader makes."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def paths_in(text):
    """What looks like a path of the repository in back-ticks: it begins with a folder of it.

    A name with a placeholder is none, and one alone may be that of a reader's file.
    """
    first = folders(ROOT) | folders(PACKAGE)
    for code in re.findall(r"`([^`]+)`", text):
        for word in code.split():
            if re.fullmatch(r"[\w.-]+(/[\w.-]*)+", word) and word.partition("/")[0] in first:
                yield word


def exists(path):
    """From the top of the repository or of the package."""
    return (ROOT / path).exists() or (PACKAGE / path).exists()


@pytest.mark.parametrize("page", PAGES)
def test_every_path_in_back_ticks_exists(page):
    assert not [path for path in paths_in(prose(page)) if not exists(path)]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", prose(page))
    files = [link for link in links if "://" not in link]
    assert not [link for link in files if not ((ROOT / page).parent / link).exists()]


def test_names_alone_in_the_reading_order_exist_too():
    names = re.findall(r"`(\w+\.(?:py|yaml))`", prose("docs/reading-order.md"))
    assert "results.py" in names and all(map(exists, names))


def test_paths_are_told_from_other_words():
    text = "`data/gone.py`, `a/b`, `results/x`, `data/{dataset}/x`, `gone.py` and `pytest tests/no`"
    assert list(paths_in(text)) == ["data/gone.py", "tests/no"]
    assert not any(map(exists, paths_in(text)))
    assert len(list(paths_in(prose("docs/reading-order.md")))) > 40
