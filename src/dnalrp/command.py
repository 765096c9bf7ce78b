"""The command ``dnalrp``."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from dnalrp.commands import explain, fetch, init, report, run, simulate, verify
from dnalrp.errors import InputError

COMMANDS = {
    "explain": (explain, "which nucleotides made a model say so: maps of your sequences"),
    "verify": (verify, "check the explanations of a checkpoint"),
    "simulate": (simulate, "sequences with planted motifs, for which the truth is known"),
    "fetch": (fetch, "download named data sets, verified"),
    "report": (report, "write the page of a finished run again"),
    "init": (init, "write a config.yaml for your own data"),
    "run": (run, "run the workflow in the current folder"),
}


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """End as a shell says it of a terminated process; what is half-written is cleared away."""
    sys.exit(143)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 where a check fails, 2 for a mistake.

    Interrupted it is 130, terminated 143, and 141 where the reader of the output went away, as in
    a shell.
    """
    options = _options(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _terminated)
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("dnalrp").setLevel(logging.INFO)  # such as what a file was read as
    try:
        if getattr(options, "extensions", ()):
            from dnalrp.extensions import load_extensions

            load_extensions(options.extensions)
        status = int(options.run(options))
        sys.stdout.flush()
    except InputError as error:
        print(f"dnalrp: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dnalrp: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Python flushes once more at its end: let it go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for; only a command with ``handed_on`` takes arguments that it does not know.

    A command that hands arguments on gets them in order, as they were given.
    """
    parser = _parser(next((name for name in arguments if name in COMMANDS), None))
    options, unknown = parser.parse_known_args(arguments)
    if "handed_on" in options:
        options.handed_on = unknown
    elif unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser, with the options of the command that is chosen: others need not be described."""
    parser = argparse.ArgumentParser(
        prog="dnalrp", description="Which nucleotides made a genome model say so?"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            module.add(command)
            command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
