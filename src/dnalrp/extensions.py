"""Methods, metrics, data sources and architectures of a user's own, from files beside the project.

A file is Python and adds what it declares to a catalogue::

    from dnalrp.attribution.catalogue import METHODS, Method

    METHODS.add(Method(name="mine", ...))

The setting ``extensions`` lists such files, the commands take them by ``--extension``.
"""

import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from dnalrp.errors import InputError


def load_extensions(paths: Sequence[str | Path]) -> None:
    """Run each file once a process, in order; later ones may import earlier ones by name.

    Raises
    ------
    InputError
        No such file, no Python file, a name that a module has already, or an error in it.
    """
    for path in map(Path, paths):
        name = path.stem
        if getattr(sys.modules.get(name), "__file__", None) == str(path.resolve()):
            continue
        if not path.is_file() or path.suffix != ".py" or not name.isidentifier():
            raise InputError(f"extensions: {path} is no Python file; correct the path")
        if name in sys.modules:
            raise InputError(f"extensions: a module is named {name!r} already; rename {path}")
        spec = spec_from_file_location(name, path.resolve())
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except InputError as error:
            del sys.modules[name]
            raise InputError(f"extensions: {path}: {error}") from error
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            kind = type(error).__name__
            raise InputError(f"extensions: {path} fails ({kind}: {error}); correct it") from error
