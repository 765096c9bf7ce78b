"""A digest of the code that a stage runs, so that a change of it runs the stage again.

Snakemake sees a change of a rule's script alone. Followed are imports, anywhere in a file, names
of modules in strings, as catalogues hold them (``"dnalrp.attribution.methods.noise:relevance"``),
and the extensions of the settings. Comments, layout and documentation do not count; nor do the
sections of the settings, since what a stage gets of them is among its rule's params.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
SETTINGS = "settings"
REFERENCE = re.compile(rf"({PACKAGE.name}(?:\.\w+)+)(?::\w+)?")


def code_digest(script: str | Path, extensions: Sequence[str | Path] = ()) -> str:
    """Digest of all code that a script runs but its own, in hexadecimal.

    An extension counts where the script reads a catalogue that it may add to, so that a metric of
    one's own trains no model again; one that imports no catalogue counts for all.
    """
    script, added_files = Path(script).resolve(), [Path(path).resolve() for path in extensions]
    files = _closure(_imported(script, added_files), added_files)
    while added := [
        path for path in added_files if path not in files and _concerns(path, added_files, files)
    ]:
        files |= _closure(added, added_files)
    digest = hashlib.sha256()
    for name, path in sorted((_name(path), path) for path in files - {script}):
        digest.update(f"{name}\n{_code_text(path)}\n".encode())
    return digest.hexdigest()[:16]


def _closure(start: Iterable[Path], extensions: Sequence[Path]) -> set[Path]:
    """These files and all that they import, however far down."""
    files: set[Path] = set()
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path not in files:
            files.add(path)
            waiting.extend(_imported(path, extensions))
    return files


def _concerns(extension: Path, extensions: Sequence[Path], files: set[Path]) -> bool:
    """Does an extension add to a catalogue that is among the files, or to none?"""
    if not extension.is_file():
        return False  # the settings' check names it
    catalogues = {
        path
        for path in _imported(extension, extensions)
        if path.stem == "catalogue" and path.parent != PACKAGE
    }
    return not catalogues or bool(catalogues & files)


def _imported(path: Path, extensions: Sequence[Path]) -> Iterator[Path]:
    """Files of the package, beside a file, or among the extensions that the file names."""
    by_name = {extension.stem: extension for extension in extensions}
    for name in _names(path):
        package, _, inside = name.partition(".")
        if package == PACKAGE.name:
            yield from _package_file(inside)
        elif name in by_name:
            yield by_name[name]
        elif (
            not path.is_relative_to(PACKAGE) and (beside := path.with_name(f"{name}.py")).is_file()
        ):
            yield beside


def _package_file(name: str) -> Iterator[Path]:
    """The file of a module of the package, or of a package in it.

    The outermost package only forwards names, and sections of the settings are left out.
    """
    if not name or name.split(".")[0] == SETTINGS:
        return
    path = PACKAGE.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            yield file


@cache
def _names(path: Path) -> frozenset[str]:
    """Names that may be modules, of imports and of strings, anywhere in a file."""
    names: set[str] = set()
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and (named := REFERENCE.fullmatch(str(node.value))):
            names.add(named[1])
    return frozenset(names)


@cache
def _parsed(path: Path) -> ast.Module:
    """The syntax of a file, without strings that document."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [statement for statement in body if not _documents(statement)]
    return tree


def _documents(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


@cache
def _code_text(path: Path) -> str:
    return ast.dump(_parsed(path))


def _name(path: Path) -> str:
    """What a file is called in the digest: the same wherever the project lies."""
    inside = path.is_relative_to(PACKAGE)
    return path.relative_to(PACKAGE.parent).as_posix() if inside else path.name
