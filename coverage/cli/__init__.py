"""The command line: `phusong demo`, `measure`, `plan`, `definitions`, `validate`, `app`.

Figures go to stdout, everything else to stderr. Exit 0: done; 1: the target is not reached; 2: unusable input, said in
one sentence.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import cast

from coverage.cli.arguments import build_parser, wanted_language
from coverage.cli.voice import Voice
from coverage.errors import CoverageError

FALLS_SHORT = {
    "target_unreachable", "floor_unreachable", "operator_unreachable", "rule_unreachable", "masts_unreachable",
    "phases_unreachable", "target_unreachable_in_draws",
}  # fmt: skip
INTERRUPTED = 130  # what shells expect after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the command's name; those of the process unless given.

    Returns
    -------
    int
        0 done, 1 the target is not reached, 2 unusable input, 130 interrupted.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # Vietnamese, whatever the locale of a server or a pipe
            stream.reconfigure(encoding="utf-8")
    voice = Voice(lang=wanted_language(words, os.environ), as_json="--json" in words)
    try:
        return _run(words, voice)
    except CoverageError as error:
        voice.fail(error)
        return 1 if error.code in FALLS_SHORT else 2
    except KeyboardInterrupt:
        voice.note("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `phusong … | head`: nobody listens any more, and Python would say so once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the promise of the command line: a sentence, never a traceback
        if os.environ.get("PHUSONG_DEBUG"):
            raise
        voice.fail(CoverageError("internal", kind=type(error).__name__, message=str(error) or "–"))
        return 2


def _run(words: list[str], voice: Voice) -> int:
    parser = build_parser(voice.lang)
    try:
        arguments = parser.parse_args(words)
    except SystemExit as done:  # argparse leaves like this after --help and --version
        return int(done.code or 0)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return 2
    # Only now: --help and a mistyped option should not wait two seconds for the libraries.
    command = cast(Callable[..., int], import_module("coverage.cli.commands").COMMANDS[arguments.command])
    return command(arguments, voice)
