"""PURE: a script that uses a secret -> what hides that the secret is dead, or missing, if anything.

It follows what GitHub's runner does: bash with `-e`, where a failure ends the step unless the
script catches it (GitHub docs, "Workflow syntax", `jobs.<job_id>.steps[*].shell`, 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from keyturn.silence.shell_lines import Chain, Command, Unclear, read_script

_TRIVIAL = frozenset({"echo", "printf", "true", ":"})
"""What always succeeds."""
_NEUTRAL = _TRIVIAL | {
    *("[", "[[", "test", "export", "set", "cd", "mkdir", "exit", "local", "unset", "pwd", "ls"),
    *("date", "sleep", "for", "done", "fi", "declare", "readonly", "umask", "false"),
}
"""What needs no token, whatever stands in its words."""
_SIGNS_IN = frozenset(
    {
        *("login", "auth", "config", "configure", "config:set", "env:set", "set", "set-url"),
        *("add", "update", "init", "import", "--import", "set-credentials", "secret", "secrets"),
        *("kv", "keyvault", "secretsmanager", "ssm"),
    }
)
"""Whatever the program: it keeps what it is given, and does not look whether it is dead."""
_TOLD = re.compile(r"GITHUB_(?:OUTPUT|ENV)|::(?:error|set-output)|\$\?|PIPESTATUS")
"""Somebody may look at how it ended."""
_JUDGED = re.compile(
    r"\$\?|PIPESTATUS|\b(?:return|trap|wait)\b|\bexit\b(?! 0)|set -\w*e|-o errexit"
)
_FAILS = re.compile(r"-[a-zA-Z]*f[a-zA-Z]*|--fail(?:-with-body)?")
_WRITES = re.compile(
    r"-(?!X)[a-zA-Z]*[oOwKJDc].*"
    r"|--(?:output|remote-name|write-out|config|dump-header|cookie-jar).*"
)
_OTHER_PROTOCOLS = re.compile(r"ftp|scp://|smtp|imap|ldap", re.IGNORECASE)
"""Of which curl tells that a login was refused, without `--fail`."""
_TELLS = (_NEUTRAL - {"[", "[[", "test", "cd", "ls", "exit", "false"}) | {"cat", "head", "tail"}
"""What does not fail for what a command before it should have done."""
_OPTIONS = re.compile(r"\$\{?\w*(?:OPT|ARG|FLAG)|\[@\]|\[\*\]", re.IGNORECASE)
_SIGNS = re.compile(r"\|\||\bset\s+\+|curl|\[|\btest\b")
"""What every guard has one of; most scripts have none, and need not be read."""
_EMPTY = re.compile(r"""(?:-z (.+)|(.+) ==? (?:""|''))""")
_FILLED = re.compile(r"""(?:-n (.+)|(.+) != (?:""|'')|("?\$\S+))""")
_PARAMETER = re.compile(r"""["']?\$(?:\{(\w+)(?::?-)?\}|(\w+))["']?""")


def find_script_guard(
    script: str, *, variables: frozenset[str], expressions: frozenset[str]
) -> tuple[str, bool] | None:
    """Return the guard in words, and whether it hides a dead secret or only a missing one.

    `variables` of the environment hold the secret, `expressions` of the script stand for it. Every
    command that can be the one that needs it must be guarded.
    """
    if "$env:" in script or not _SIGNS.search(script):
        return None  # PowerShell, or nothing that could be a guard
    try:
        chains = read_script(script)
    except Unclear:
        return None
    return _Judge(chains, variables, expressions).guard()


@dataclass
class _Judge:
    """One script, and what holds the secret in it."""

    chains: Sequence[Chain]
    variables: frozenset[str]
    expressions: frozenset[str]

    def guard(self) -> tuple[str, bool] | None:
        suspects = self._find_suspects()
        if not suspects or all(_signs_in(chain) for _, chain in suspects):
            return None
        needed = self._find_needed(suspects)
        found: dict[str, None] = {}
        hides_dead = True
        for index, chain in suspects:
            words = self._find_dead(index, chain, needed)
            if not words:
                hides_dead = False
                words = self._find_empty(index, chain)
            if not words:
                return None
            found[words] = None
        return ", ".join(found), hides_dead

    def _find_suspects(self) -> list[tuple[int, Chain]]:
        """Return the chains that can fail for the secret.

        Those that name it, with all that run the same program; all that need anything where none
        names it, or where one hands it on.
        """
        working = [pair for pair in enumerate(self.chains) if not _is_neutral(pair[1])]
        naming, hands_on = [], False
        for index, chain in enumerate(self.chains):
            if not self._names(chain):
                continue
            if not _is_neutral(chain):
                if chain.tested:
                    return []  # what is done where it fails is the script's own affair
                naming.append((index, chain))
            hands_on = hands_on or _hands_on(chain)
            self.variables |= {name for command in chain.commands for name in command.assigned}
        if hands_on or not naming:
            return working
        programs = {command.name for _, chain in naming for command in chain.commands} - _NEUTRAL
        numbers = {index for index, _ in naming}
        return [
            (index, chain)
            for index, chain in working
            if index in numbers or programs & {command.name for command in chain.commands}
        ]

    def _names(self, chain: Chain) -> bool:
        text = chain.text
        return any(part in text for part in self.expressions) or any(
            match in self.variables for match in re.findall(r"\$\{?(\w+)", text)
        )

    def _find_dead(self, index: int, chain: Chain, needed: int) -> str:
        """Return what hides the failure of a chain; empty where it would be seen."""
        if chain.tested:
            return ""
        caught = _find_catch(chain) if index > needed else ""
        return caught or self._find_loose(index) or _find_unchecked(chain)

    def _find_needed(self, suspects: Sequence[tuple[int, Chain]]) -> int:
        """Return the last chain that can fail for what one before it did not do, or leave."""
        numbers = {number for number, _ in suspects}
        return max(
            (
                index
                for index, chain in enumerate(self.chains)
                if index not in numbers
                and not _only_tells(chain)
                and not self._is_test(chain, _FILLED, "&&")
            ),
            default=-1,
        )

    def _find_loose(self, index: int) -> str:
        """Return `set +e` where it holds, nobody looks back, and the last command succeeds."""
        last = self.chains[-1]
        ends_well = len(last.pipelines) == 1 and _succeeds(last.pipelines[0])
        behind = self._last_look_back < index < len(self.chains) - 1
        return "set +e" if ends_well and behind and self._loose[index] else ""

    @cached_property
    def _loose(self) -> list[bool]:
        """Whether `set +e` holds, chain by chain. A long script is gone through once."""
        found, loose = [], False
        for chain in self.chains:
            found.append(loose)
            if re.fullmatch(r"set \+e|set \+o errexit", chain.text):
                loose = not chain.under
        return found

    @cached_property
    def _last_look_back(self) -> int:
        # An `if` may ask for anything that a command before it should have left.
        looking = (
            index
            for index, chain in enumerate(self.chains)
            if chain.under
            or chain.tested
            or chain.operators
            or _JUDGED.search(chain.text)
            or _TOLD.search(chain.text)
        )
        return max(looking, default=-1)

    def _find_empty(self, index: int, chain: Chain) -> str:
        """Return what keeps a chain from running where the secret is empty."""
        words = "its script does nothing where the secret is empty"
        if any(len(tests) == 1 and self._is_test(tests[0], _FILLED, "&&") for tests in chain.under):
            return words
        return words if self._first_exit < index else ""

    @cached_property
    def _first_exit(self) -> int:
        leaving = (index for index, chain in enumerate(self.chains) if self._leaves(chain))
        return next(leaving, len(self.chains))

    def _leaves(self, chain: Chain) -> bool:
        """Say whether a chain ends the script well where the secret is empty."""
        ends = chain.pipelines[-1][-1].words == ("exit", "0")
        if not ends or chain.tested:
            return False
        if chain.operators == ("||",):
            return self._is_test_of(chain.pipelines[0], _FILLED) and not chain.under
        if chain.operators == ("&&",):
            return self._is_test_of(chain.pipelines[0], _EMPTY) and not chain.under
        return (
            not chain.operators
            and len(chain.under) == 1
            and len(chain.under[0]) == 1
            and self._is_test(chain.under[0][0], _EMPTY, "||")
        )

    def _is_test(self, chain: Chain, pattern: re.Pattern[str], operator: str) -> bool:
        """Say whether a condition tests the secret, joined to others by one operator at most."""
        if any(each != operator for each in chain.operators):
            return False
        return any(self._is_test_of(pipeline, pattern) for pipeline in chain.pipelines)

    def _is_test_of(self, pipeline: tuple[Command, ...], pattern: re.Pattern[str]) -> bool:
        words = pipeline[0].words
        if len(pipeline) != 1 or words[0] not in ("[", "[[", "test"):
            return False
        inner = words[1:] if words[0] == "test" else words[1:-1]
        match = pattern.fullmatch(" ".join(inner))
        operand = match and next(filter(None, match.groups()), None)
        return bool(operand) and self._is_parameter(str(operand))

    def _is_parameter(self, operand: str) -> bool:
        match = _PARAMETER.fullmatch(operand)
        if match:
            return (match[1] or match[2]) in self.variables
        return operand.strip("\"'") in self.expressions


def _is_neutral(chain: Chain, neutral: frozenset[str] = _NEUTRAL) -> bool:
    """Say whether nothing in a chain needs a token: tests, words printed, variables set."""
    return all(
        (command.name in neutral or not command.arguments)
        and not re.search(r"\$\((?!\()|`", command.text)
        for command in chain.commands
    )


def _only_tells(chain: Chain) -> bool:
    """Say whether a chain prints, waits or sets variables, or ends the script well."""
    return _is_neutral(chain, _TELLS) or chain.text == "exit 0"


def _hands_on(chain: Chain) -> bool:
    """Say whether a chain leaves what it names where other commands find it."""
    if not _is_neutral(chain):
        return _signs_in(chain)
    return any(
        command.words[0] == "export" or re.search(r">(?! ?/dev/null|&)", command.text)
        for command in chain.commands
    )


def _signs_in(chain: Chain) -> bool:
    """Say whether a chain stores the secret for later commands."""
    return any(_SIGNS_IN & set(command.arguments[1:6]) for command in chain.commands)


def _succeeds(pipeline: tuple[Command, ...]) -> bool:
    words = pipeline[-1].words
    return len(pipeline) == 1 and (words[0] in _TRIVIAL or words == ("exit", "0"))


def _find_catch(chain: Chain) -> str:
    """Return the `|| true` of a chain, as it is called."""
    if not chain.operators or chain.operators[-1] != "||" or not _succeeds(chain.pipelines[-1]):
        return ""
    before = [command for pipeline in chain.pipelines[:-1] for command in pipeline]
    if any(command.name in ("exit", "return", "false") for command in before):
        return ""
    if _TOLD.search(chain.text):
        return ""
    last = chain.pipelines[-1][0]
    return "|| exit 0" if last.name == "exit" else f"|| {last.name}"


def _find_unchecked(chain: Chain) -> str:
    """Return that a chain's `curl` takes any answer of the server for a success."""
    working = [p for p in chain.pipelines if not all(c.name in _NEUTRAL for c in p)]
    if len(working) != 1 or any(p[0].name in ("[", "[[", "test") for p in chain.pipelines):
        return ""
    *before, last = working[0]
    if last.name != "curl" or not all(command.name in _TRIVIAL | {"cat"} for command in before):
        return ""
    arguments = last.arguments[1:]
    if any(_FAILS.fullmatch(word) or _OPTIONS.search(word) for word in arguments):
        return ""
    if _OTHER_PROTOCOLS.search(last.text):
        return ""
    text = last.text.replace("-o /dev/null", "").replace("--output /dev/null", "")
    text = re.sub(r"\d?>>? /dev/null|2>& 1", "", text)
    if ">" in text or any(_WRITES.fullmatch(word) for word in text.split()):
        return ""
    return "curl without --fail"
