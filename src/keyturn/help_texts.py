"""What `--help` teaches: what each command does and changes, examples, exit codes, variables.

Words only; the flags are in `flags`. Every example is run by tests/test_help.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyturn.plain import wrap

EXIT_CODES = {
    0: "done, nothing at or above --fail-on",
    1: "done, findings at or above --fail-on",
    2: "usage or configuration error; nothing was done",
    3: "incomplete: something that should have answered did not",
    4: "a rotation needs a person, or was cut off in this run",
    130: "interrupted",
}
_NARROW = 20
"""Columns that a text needs at the least."""
_GROUPS = {
    "look": "Look (nothing is changed; only `check` keeps issues, where they are on):",
    "act": "Act (nothing is changed without --apply):",
    "set up": "Set up and try out:",
}
_FIRST = (
    ("keyturn demo", "the whole job on an embedded GitHub; needs no account"),
    ("keyturn init", "a first configuration, drafted from a checkout's workflows"),
    ("keyturn check", "what breaks first, and when"),
)
_GITHUB = (
    ("GITHUB_TOKEN", "what GitHub is asked with; KEYTURN_GITHUB_TOKEN wins"),
    ("GITHUB_REPOSITORY", "the repository, where --repository names none"),
)
_CREDENTIALS = (
    (
        "what the configuration names",
        "under `value` and `credential`: what providers are asked with",
    ),
    ("HTTPS_PROXY, SSL_CERT_FILE", "and the like: proxies and certificate authorities"),
)
_RECOVERY = (("KEYTURN_RECOVERY_KEY", "opens the journal of rotations and its sealed values"),)
_COLORS = (("NO_COLOR, FORCE_COLOR", "colours never, or always; --color wins"),)


@dataclass(frozen=True, slots=True)
class Help:
    """What one command's `--help` says beside its flags."""

    group: str
    short: str
    """One line, for the list of commands."""
    about: str
    """What it does, and what it changes."""
    examples: tuple[tuple[str, str], ...]
    """A command line, and what it is good for."""
    exit_codes: tuple[int, ...]
    environment: tuple[tuple[str, str], ...]
    page: str
    """Where to read on."""
    found: str = ""
    """What exit code 1 means, where there is one, and no --fail-on."""


COMMANDS = {
    "check": Help(
        "look",
        "say what breaks first and when, and keep the issues true",
        "Lists stored secrets and where workflows use them, asks each provider about the tokens "
        "that are declared, and says which job breaks first, when, and whose token it is. Changes "
        "nothing but issues, and those only inside GitHub Actions on the default branch, or with "
        "--issues.",
        (
            ("keyturn check", "the report, for people"),
            ("keyturn check --output sarif=keyturn.sarif", "and a file for code scanning"),
            ("keyturn check --at 2027-03-01", "what will have expired by then?"),
            ("keyturn check --at 2026-12-20 --until 2027-01-04", "what would a freeze meet?"),
        ),
        (0, 1, 2, 3, 130),
        (*_GITHUB, *_CREDENTIALS, *_RECOVERY, *_COLORS),
        "docs/reference/findings.md",
    ),
    "inventory": Help(
        "look",
        "list stored secrets, their uses and what is declared",
        "Lists every stored secret, the places that read it, what declares it, and which of "
        "several secrets of one name a job gets. Asks GitHub for names and dates, and no provider "
        "for anything, unless --provider asks one for every token that your credentials see. "
        "Changes nothing.",
        (
            ("keyturn inventory", "secrets, uses, declarations"),
            ("keyturn inventory --provider gitlab", "every token that is seen there"),
            ("keyturn inventory --format json", "the same for a program"),
        ),
        (0, 2, 3, 130),
        (*_GITHUB, *_CREDENTIALS, *_COLORS),
        "docs/reference/cli.md",
    ),
    "scan": Help(
        "look",
        "find plaintext tokens in files, in what is staged, in the history",
        "Looks for plaintext tokens and prints where they are, with no more than their public "
        "prefix. Asks nobody: nothing leaves the machine. Changes nothing, but for the file of "
        "--write-baseline. The hook for pre-commit calls `keyturn-scan`, which is the same and "
        "starts faster.",
        (
            ("keyturn scan", "the work tree; or name files and folders"),
            ("keyturn scan --staged", "what is about to be committed"),
            ("keyturn scan --history main..HEAD", "what a branch brings in"),
            ("keyturn scan --output json=leaks.json", "and a report for `keyturn revoke --leaks`"),
        ),
        (0, 1, 2, 3, 130),
        _COLORS,
        "docs/explanation/scanning.md",
        found="done, a plaintext token that nothing allows",
    ),
    "doctor": Help(
        "look",
        "say which right, credential or schedule is missing, or too wide",
        "Tries what the configuration needs: rights at GitHub, each provider's credential, the "
        "place of the issues, the recovery key, keyturn's own schedule. Says what is missing or "
        "wider than it has to be, and where to change it. Changes nothing.",
        (
            ("keyturn doctor", "every part of the set-up"),
            ("keyturn doctor --format json", "the same for a program"),
        ),
        (0, 1, 2, 3, 130),
        (*_GITHUB, *_CREDENTIALS, *_RECOVERY, *_COLORS),
        "docs/reference/cli.md, What the doctor says",
        found="done, something is missing or too wide",
    ),
    "explain": Help(
        "look",
        "say what a rule of a finding or a leak means, and what to do",
        "Prints what a rule means, why it matters and what to do. The name stands in brackets "
        "behind a finding, and behind the place of a leak. Asks nobody and changes nothing.",
        (
            ("keyturn explain expiring", "a rule of findings"),
            ("keyturn explain gitlab-pat", "a rule of leaks"),
        ),
        (0, 2, 3, 130),
        _COLORS,
        "docs/reference/findings.md, docs/reference/rules.md",
    ),
    "rotate": Help(
        "act",
        "plan which tokens are replaced, and how; --apply does it",
        "Prints the plan: which tokens are due, why, how they are replaced and where the new value "
        "goes. With --apply it first goes on with what was cut off, then carries the plan out: it "
        "makes tokens at providers, writes secrets, and retires old tokens, written down in the "
        "journal before and after every step. A run may be killed at any moment; the next one goes "
        "on.",
        (
            ("keyturn rotate", "the plan; nothing is changed"),
            ("keyturn rotate --output json=plan.json", "and saved, for somebody to agree to"),
            ("keyturn rotate --apply --plan plan.json", "just that, if the world has not moved"),
            ("keyturn rotate --apply release-gitlab", "this token, due or not"),
        ),
        (0, 2, 3, 4, 130),
        (*_GITHUB, *_CREDENTIALS, *_RECOVERY, *_COLORS),
        "docs/how-to/rotate-a-token.md, docs/reference/guarantees.md",
    ),
    "recover": Help(
        "act",
        "go on with rotations that were cut off; make a recovery key",
        "Shows the rotations that are under way: how far, since when, and what is waited for. With "
        "--apply it goes on with them and begins none; those that stopped are tried again where "
        "they are named, and given up with --abandon. --new-key makes the key that rotations need, "
        "and writes its private half to a file that nobody else can read.",
        (
            ("keyturn recover --new-key --output recovery.key", "once, before the first rotation"),
            ("keyturn recover", "what is under way; nothing is changed"),
            ("keyturn recover --apply", "go on with it"),
        ),
        (0, 2, 3, 4, 130),
        (*_GITHUB, *_CREDENTIALS, *_RECOVERY, *_COLORS),
        "docs/how-to/rotate-a-token.md",
    ),
    "revoke": Help(
        "act",
        "kill tokens now; say what breaks and what outlives them",
        "Shows what a token is, who lives by it and what breaks first. With --apply, and the "
        "consent of a person or of --yes, it kills the token at its provider, for good, says what "
        "outlives it, and looks whether it is dead.",
        (
            ("keyturn revoke release-gitlab", "what would break; nothing is changed"),
            ("keyturn revoke --leaks leaks.json", "what `keyturn scan` found"),
            ("keyturn revoke release-gitlab --apply --yes", "kill it, without being asked"),
        ),
        (0, 2, 3, 130),
        (*_GITHUB, *_CREDENTIALS, *_COLORS),
        "docs/how-to/revoke-a-token.md",
    ),
    "init": Help(
        "set up",
        "write a first configuration and workflow; overwrites nothing",
        "Reads the workflows of the checkout, guesses what every secret holds, and writes a first "
        ".github/keyturn.yml and .github/workflows/keyturn.yml. Overwrites nothing, and writes "
        "neither where one of them is there. With GITHUB_TOKEN it also asks GitHub which secrets "
        "are stored.",
        (("keyturn init", "at the top of a checkout"),),
        (0, 2, 3, 130),
        _GITHUB,
        "docs/how-to/start.md",
    ),
    "config": Help(
        "set up",
        "validate the configuration, or print its JSON Schema",
        "`check` names every mistake of the configuration with its line, all in one run; `schema` "
        "prints the JSON Schema that editors complete from. Asks nobody and changes nothing.",
        (
            ("keyturn config check", "before it is committed"),
            ("keyturn config schema", "for an editor"),
        ),
        (0, 2),
        (),
        "docs/reference/configuration.md",
    ),
    "demo": Help(
        "set up",
        "show the whole main job against the embedded sandbox",
        "Starts a GitHub and providers of its own on loopback, checks an example organization, "
        "opens and closes its issues, and rotates a token in a run that is killed half-way. "
        "Changes nothing outside a temporary folder.",
        (("keyturn demo", "in under a minute"),),
        (0, 3, 130),
        _COLORS,
        "docs/explanation/lifecycle.md",
    ),
    "sandbox": Help(
        "set up",
        "serve the embedded GitHub and providers on loopback until stopped",
        "Serves the example organization of `keyturn demo` until Ctrl+C, and prints the variables "
        "that point keyturn, or anything else, at it. Changes nothing outside its own process.",
        (("keyturn sandbox", "on free ports; --port names the first"),),
        (2, 130),
        (),
        "docs/reference/sandbox.md",
    ),
    "completion": Help(
        "set up",
        "print what completes commands and flags in your shell",
        "Prints a script for bash, zsh or tcsh that completes commands, flags, their values, files "
        "and the names of rules. It is made from this version's flags; make it again after an "
        "update. Asks nobody and changes nothing.",
        (
            ("keyturn completion bash", "where to put it: docs/how-to/shell-completion.md"),
            ("keyturn completion zsh", "the same for zsh"),
        ),
        (0, 2),
        (),
        "docs/how-to/shell-completion.md",
    ),
}
"""The commands, in the order in which they are listed."""


def overview(width: int) -> str:
    """Return what `keyturn --help` says."""
    lines = [
        "usage: keyturn COMMAND [FLAGS]",
        "",
        *wrap("Says which CI token breaks which job, and when, before it happens.", width),
        "",
        "Three things to try first:",
        *_rows(_FIRST, width),
    ]
    for group, title in _GROUPS.items():
        commands = [(name, each.short) for name, each in COMMANDS.items() if each.group == group]
        lines += ["", *wrap(title, width), *_rows(commands, width, room=12)]
    lines += [
        "",
        "options:",
        *_rows([("-h, --help", "this, or a command's own"), ("--version", "and Python's")], width),
        *_codes(EXIT_CODES, width),
        "",
        *wrap("`keyturn COMMAND --help` shows a command's flags and examples.", width),
    ]
    return "\n".join(lines) + "\n"


def about(command: str, width: int) -> str:
    """Return what stands before a command's flags."""
    return "\n".join(wrap(COMMANDS[command].about, width))


def after(command: str, width: int) -> str:
    """Return what stands behind a command's flags."""
    told = COMMANDS[command]
    lines = ["examples:"]
    for example, what in told.examples:
        lines += [f"  {example}", *(f"      {line}" for line in wrap(what, width - 6))]
    own = EXIT_CODES | ({} if command == "check" else {0: "done", 1: told.found})
    lines += _codes({code: own[code] for code in told.exit_codes}, width)
    if told.environment:
        lines += ["", "environment:", *_rows(told.environment, width)]
    return "\n".join([*lines, "", *wrap(f"read on: {told.page}", width)])


def _codes(codes: Mapping[int, str], width: int) -> Iterator[str]:
    yield from ("", "exit codes:")
    yield from _rows([(str(code), meaning) for code, meaning in codes.items()], width, room=5)


def _rows(rows: Sequence[tuple[str, str]], width: int, *, room: int = 0) -> Iterator[str]:
    """Lay names and what they mean out in two columns; below each other where that is narrow."""
    room = room or max(len(name) for name, _ in rows) + 2
    beside = width - room >= 2 * _NARROW or room < 6
    indent = room + 2 if beside else 6
    for name, meaning in rows:
        first, *rest = wrap(meaning, max(width - indent, _NARROW))
        yield from [f"  {name.ljust(room)}{first}"] if beside else [f"  {name}", f"      {first}"]
        yield from (" " * indent + line for line in rest)
