"""The verbs and flags of the command line; nothing here acts on them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from keyturn import __version__
from keyturn.command_line import Parser
from keyturn.formats import FORMATS
from keyturn.help_texts import COMMANDS

__all__ = ["COMMANDS", "SHELLS", "make_parser"]

SHELLS = ("bash", "zsh", "tcsh")
"""Whose completion can be printed."""


def make_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(prog="keyturn", allow_abbrev=False)
    python = "{}.{}.{}".format(*sys.version_info)
    version = f"keyturn {__version__} (Python {python})"
    parser.add_argument("--version", action="version", version=version)
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = {
        name: verbs.add_parser(name, help=told.short, allow_abbrev=False)
        for name, told in COMMANDS.items()
    }
    for name, child in add.items():
        child.command = name
    for name in ("check", "inventory"):
        _add_world_flags(add[name])
        _add_report_flags(add[name])
    add["inventory"].add_argument(
        "--provider", metavar="NAME", help="list every token that the credentials see there"
    )
    _add_check_flags(add["check"])
    for name in ("rotate", "recover"):
        _add_world_flags(add[name])
        _add_rotation_flags(add[name])
    _add_rotate_flags(add["rotate"])
    _add_recover_flags(add["recover"])
    _add_world_flags(add["revoke"])
    _add_revoke_flags(add["revoke"])
    _add_scan_flags(add["scan"])
    _add_world_flags(add["doctor"])
    _add_format_flags(add["doctor"], ("text", "json"))
    _add_at_flag(add["doctor"])
    _add_color_flag(add["doctor"])
    add["explain"].add_argument("rule", metavar="RULE", help="such as expiring, or a leak's rule")
    _add_color_flag(add["explain"])
    add["config"].add_argument(
        "action", choices=("check", "schema"), help="name every mistake, or print the JSON Schema"
    )
    _add_world_flags(add["config"])
    _add_repository_flag(add["init"])
    _add_color_flag(add["demo"])
    add["sandbox"].add_argument(
        "--port", type=_number, default=0, help="GitHub's port; the providers' are the next"
    )
    add["completion"].add_argument("shell", choices=SHELLS, help="whose script is printed")
    return parser


def _number(text: str) -> int:
    """Return a number. Raises ArgumentTypeError, which does not repeat what it is instead."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError("that is no number") from None


def _add_config_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="PATH", help="default: .github/keyturn.yml, then keyturn.yml"
    )


def _add_world_flags(parser: argparse.ArgumentParser) -> None:
    _add_config_flag(parser)
    _add_repository_flag(parser)


def _add_repository_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repository",
        metavar="OWNER/NAME",
        help="default: GITHUB_REPOSITORY, else what the checkout's origin names",
    )


def _add_report_flags(parser: argparse.ArgumentParser) -> None:
    _add_format_flags(parser, FORMATS)
    _add_color_flag(parser)
    _add_at_flag(parser)
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument(
        "-v",
        "--verbose",
        action="store_const",
        dest="verbosity",
        const=1,
        help="also say who was asked and what the answer's status was, and print patches",
    )
    loudness.add_argument(
        "-q",
        "--quiet",
        action="store_const",
        dest="verbosity",
        const=-1,
        help="print no text report",
    )


def _add_format_flags(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    parser.add_argument("--format", choices=formats, default="text", help="of standard output")
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="[FORMAT=]FILE",
        help="write a report to a file too; may be repeated",
    )


def _add_at_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--at", metavar="INSTANT", help="pretend it is that moment (ISO 8601)")


def _add_color_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: on a terminal, unless NO_COLOR is set; everywhere with FORCE_COLOR",
    )


def _add_check_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fail-on",
        choices=("info", "warning", "error", "never"),
        default="error",
        help="the least severity of a finding that gives exit code 1",
    )
    _add_issues_flag(parser)
    parser.add_argument(
        "--until",
        metavar="INSTANT",
        help="also say what stops working before then, as for a freeze; writes no issue",
    )
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument(
        "--all-tokens",
        action="store_true",
        help="also judge what the credentials see at their providers and nobody declared",
    )
    extent.add_argument(
        "--watch-only",
        action="store_true",
        help="only judge whether keyturn's own schedule still runs; asks no provider",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="write no issue; say what would be (with --issues)"
    )


def _add_issues_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--issues",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="default: on inside GitHub Actions on the default branch, off elsewhere",
    )


def _add_rotate_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tokens", nargs="*", metavar="TOKEN", help="only these, due or not")
    parser.add_argument("--plan", metavar="FILE", help="carry a saved plan out, if it holds")
    parser.add_argument("--now", action="store_true", help="pass over windows and freezes")
    parser.add_argument(
        "--leaked",
        action="store_true",
        help="end the old token before any secret holds the new one; needs TOKEN and --now",
    )


def _add_recover_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "tokens", nargs="*", metavar="TOKEN", help="with --apply: try again what stopped"
    )
    parser.add_argument(
        "--abandon",
        action="append",
        default=[],
        metavar="TOKEN",
        help="with --apply: give up what stopped; may be repeated",
    )
    parser.add_argument(
        "--new-key", action="store_true", help="make a key; its private half goes to --output FILE"
    )


def _add_rotation_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="do it; without it, only show")
    parser.add_argument(
        "--dry-run", action="store_true", help="with --apply: only look, and read what it will need"
    )
    _add_issues_flag(parser)
    parser.add_argument(
        "--break-lock",
        action="store_true",
        help="with --apply: take the lock of another run, which must not be at work any more",
    )
    _add_format_flags(parser, ("text", "json"))
    _add_at_flag(parser)
    _add_color_flag(parser)


def _add_revoke_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tokens", nargs="*", metavar="TOKEN", help="ids of declared tokens")
    parser.add_argument(
        "--leaks",
        metavar="REPORT",
        help="what `keyturn scan --format json` found; the values are read from the files again",
    )
    parser.add_argument(
        "--all-of",
        action="append",
        default=[],
        metavar="OWNER",
        help="every token of this owner that TOKEN's credential sees; may be repeated",
    )
    parser.add_argument(
        "--created-before",
        metavar="INSTANT",
        help="refuse everything of everybody that was made before, where the provider can",
    )
    parser.add_argument(
        "--also-kills-jwts",
        action="store_true",
        help="consent to --created-before ending sign-ins and other tools' sessions too",
    )
    parser.add_argument("--apply", action="store_true", help="do it; without it, only show")
    parser.add_argument("--yes", action="store_true", help="do not ask for the token's id")
    parser.add_argument("--dry-run", action="store_true", help="with --apply: only show")
    _add_format_flags(parser, ("text", "json"))
    _add_at_flag(parser)
    _add_color_flag(parser)


def _add_scan_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; default: .")
    _add_config_flag(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--staged",
        action="store_true",
        help="what is about to be committed; a named file without a change is scanned whole",
    )
    source.add_argument("--stdin", action="store_true", help="standard input")
    source.add_argument("--commit-msg", metavar="FILE", help="the message of a commit")
    source.add_argument("--pre-push", action="store_true", help="what is about to be pushed")
    source.add_argument(
        "--history",
        nargs="?",
        const="",
        metavar="RANGE",
        help="every version of every file, once; RANGE as in `main..HEAD`; default: all refs",
    )
    source.add_argument("--all", action="store_true", help="the whole work tree")
    _add_format_flags(parser, ("text", "json", "sarif"))
    parser.add_argument(
        "--show-allowed", action="store_true", help="also list what a marker or a baseline allows"
    )
    parser.add_argument(
        "--write-baseline", metavar="FILE", help="accept what is found from now on, by a keyed hash"
    )
    parser.add_argument("--strict", action="store_true", help="exit 3 if something was not scanned")
    _add_color_flag(parser)
