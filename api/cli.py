"""The command line: ``glassgrad demo``, ``glassgrad info`` and ``glassgrad source``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glassgrad", description="Automatic differentiation whose computation graph can be seen and checked."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    demo = commands.add_parser("demo", help="train a small network, check its gradients, draw its graph")
    demo.add_argument("--out", default="glassgrad-demo", metavar="FOLDER", help="where to write (default: %(default)s)")
    demo.add_argument("--epochs", type=int, default=15, metavar="N", help="passes over the data (default: %(default)s)")
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="for everything random (default: %(default)s)")
    demo.add_argument("--short", action="store_true", help="one pass over the data, for trying it out")
    commands.add_parser("info", help="print versions, what is installed, and threads")
    source = commands.add_parser("source", help="print the code that is generated for an operation")
    source.add_argument("name", help="of the operation, such as multiply")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    >>> from glassgrad.cli import main
    >>> main(["info"])  # doctest: +ELLIPSIS
    glassgrad ...
    0
    """
    options = _parser().parse_args(arguments)
    if options.command == "info":
        from .info import report

        print(report())
        return 0
    if options.command == "source":
        from .source import source

        try:
            print(source(options.name), flush=True)
        except BrokenPipeError:
            # As in ``glassgrad source sum | head``; what Python flushes at its end must have somewhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyError as error:
            print(f"glassgrad source: {error.args[0]}", file=sys.stderr)
            return 2
        return 0
    from .demo import run

    if options.epochs < 1:
        print("glassgrad demo: --epochs must be at least 1", file=sys.stderr)
        return 2
    if options.seed < 0:
        print("glassgrad demo: --seed must not be negative", file=sys.stderr)
        return 2
    if os.path.exists(options.out) and not os.path.isdir(options.out):
        print(f"glassgrad demo: {options.out} is a file; name a folder with --out", file=sys.stderr)
        return 2
    try:
        run(options.out, epochs=1 if options.short else options.epochs, seed=options.seed)
    except OSError as error:
        print(f"glassgrad demo: cannot write to {options.out}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nglassgrad demo: interrupted", file=sys.stderr)
        return 130
    return 0
