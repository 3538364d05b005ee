"""PURE: what a stored secret holds, as far as its name and the steps that get it tell.

A guess for people: nothing is asked, and no value is ever seen. Where a name and a use disagree it
is a credential.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from keyturn.first_setup.guess_tables import (
    ACTIONS,
    ADDRESS_DOUBTS,
    ADDRESS_ENDS,
    ADDRESS_SIGNS,
    CREDENTIAL_TEXTS,
    CREDENTIAL_WORDS,
    DOUBTED_WORDS,
    GITHUB,
    ISSUERS,
    NAMING_ENDS,
    PAIR_ENDS,
    PAIRS,
    PARTS,
    PROVIDERS,
    REGISTRY,
    SETTING,
    SETTING_ENDS,
)
from keyturn.model import Consumer, Reference, Use

CREDENTIAL = "credential"
"""The kind of a secret whose issuer keyturn cannot ask, or nobody knows."""


class Sure(StrEnum):
    """How much a guess is worth."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Guess:
    """What a secret seems to hold."""

    kind: str
    """`setting`, the name of a provider that keyturn can ask, or `credential`."""
    sure: Sure
    why: str
    """The evidence, as a clause."""
    issuer: str = ""
    """Who issues it, in words; empty where nobody knows."""
    part: str | None = None
    """Which part of a token it is, where two secrets hold one."""
    evidence: Reference | None = None
    """The place that says so; None where only the name does."""

    @property
    def is_setting(self) -> bool:
        """Say whether it holds no credential, and that is more than a hunch."""
        return self.kind == SETTING and self.sure is not Sure.UNSURE


@dataclass(frozen=True, slots=True)
class _Clue:
    """What one use says."""

    verdict: str
    """`setting`, `credential`, or empty where it says nothing."""
    why: str
    reference: Reference
    label: str
    issuer: str = ""
    known: bool = False
    """The action that takes it is known, not just the name of an input."""


def guess_secret(name: str, uses: Iterable[Use]) -> Guess:
    """Guess what a secret holds, from its name and from every job that gets it."""
    # A job that a hundred workflows call has one place that reads the secret.
    places = dict.fromkeys((use.reference, use.consumers) for use in uses)
    clues = list(dict.fromkeys(clue for place in places for clue in _find_clues(*place)))
    end, verdict = _judge_name(name)
    for_it = [clue for clue in clues if clue.verdict == SETTING]
    if verdict == CREDENTIAL or any(clue.verdict == CREDENTIAL for clue in clues):
        return _guess_credential(name, clues)
    if not for_it:
        if verdict == SETTING:
            return Guess(SETTING, Sure.LIKELY, f"its name ends in {end}")
        return _guess_credential(name, clues)
    best = next((clue for clue in for_it if clue.known), for_it[0])
    if verdict == SETTING:
        sure = Sure.CERTAIN if best.known else Sure.LIKELY
        return Guess(SETTING, sure, best.why, evidence=best.reference)
    sure = Sure.LIKELY if best.known else Sure.UNSURE
    return Guess(SETTING, sure, best.why, evidence=best.reference)


def _guess_credential(name: str, clues: list[_Clue]) -> Guess:
    for some, sure in (
        ([clue for clue in clues if clue.known and clue.issuer], Sure.CERTAIN),
        ([clue for clue in clues if clue.issuer], Sure.LIKELY),
    ):
        issuers = {clue.issuer: clue for clue in some}
        if len(issuers) > 1:
            both = " and ".join(sorted(issuers))
            return Guess(CREDENTIAL, Sure.UNSURE, f"its uses point to {both}")
        for issuer, clue in issuers.items():
            kind = PROVIDERS.get(issuer, CREDENTIAL)
            if sure is Sure.CERTAIN and _find_issuer(name) not in ("", issuer):
                sure = Sure.LIKELY  # the name speaks of somebody else
            part = _find_part(kind, clue.label) or _find_part(kind, name)
            return Guess(kind, sure, clue.why, issuer, part, clue.reference)
    end, verdict = _judge_name(name)
    issuer = _find_issuer(name) if verdict else ""
    if issuer:
        kind = PROVIDERS.get(issuer, CREDENTIAL)
        part = _find_part(kind, name)
        return Guess(kind, Sure.LIKELY, "its name says so", issuer, part)
    against = next((clue for clue in clues if clue.verdict == CREDENTIAL), None)
    if against:
        return Guess(CREDENTIAL, Sure.LIKELY, against.why, evidence=against.reference)
    if verdict == CREDENTIAL:
        return Guess(CREDENTIAL, Sure.LIKELY, f"its name holds {end}")
    why = "its name leaves it open" if end else "neither its name nor a use tells"
    return Guess(CREDENTIAL, Sure.UNSURE, why)


def _find_clues(place: Reference, consumers: Sequence[Consumer]) -> Iterator[_Clue]:
    group, _, label = place.key.partition(".")
    if group == "secrets":  # a workflow out of sight takes it under this name
        yield _judge_label(place, label, f"a called workflow takes it as {label}")
        return
    if group == "env" and not consumers:
        yield _judge_label(place, label, f"a job takes it as {label}")
    for consumer in consumers:
        if group in ("with", "env"):
            yield _judge_input(consumer, place, group, label)
        if _is_presented(consumer, place, group, label):
            yield _Clue(CREDENTIAL, "a step logs in with it", place, label)


_ELSEWHERE = frozenset({"github-server-url", "base-url"})
"""Inputs of actions/checkout and actions/github-script that say whose token it is."""


def _judge_input(consumer: Consumer, place: Reference, group: str, label: str) -> _Clue:
    key = label.lower() if group == "with" else f"env.{label}"
    known = ACTIONS.get(consumer.action, {}).get(key, "")
    if known == GITHUB and _ELSEWHERE & consumer.inputs.keys():
        known = ""  # a server of one's own
    who = consumer.action or f"the step {consumer.label}"
    why = f"{who} takes it as {label}"
    if known == SETTING:
        return _Clue(SETTING, why, place, label, known=True)
    if known:
        issuer = _find_registry(consumer) if known == REGISTRY else known
        return _Clue(CREDENTIAL, why, place, label, issuer, known=True)
    return _judge_label(place, label, why)


def _judge_label(place: Reference, label: str, why: str) -> _Clue:
    _, verdict = _judge_name(label)
    issuer = _find_issuer(label) if verdict == CREDENTIAL else ""
    return _Clue(verdict, why, place, label, issuer)


def _find_registry(consumer: Consumer) -> str:
    registry = consumer.inputs.get("registry", "").lower()
    if registry in ("", "docker.io"):
        return "Docker Hub"
    return GITHUB if registry == "ghcr.io" else "Container registry"


def _normal(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


def _ends_in(name: str, end: str) -> bool:
    return name == end or name.endswith(f"_{end}")


def _judge_name(name: str) -> tuple[str, str]:
    """Return the words that tell, and what they tell: `setting`, `credential`, or neither."""
    name = _normal(name)
    words = frozenset(name.split("_"))
    for text in CREDENTIAL_TEXTS:
        if text in name:
            return text, CREDENTIAL
    for end in PAIR_ENDS:
        if _ends_in(name, end):
            return end, CREDENTIAL
    for end, others in PAIRS:
        if _ends_in(name, end) and words & others:
            return end, CREDENTIAL
    for end in SETTING_ENDS:
        if _ends_in(name, end):
            return (end, "") if _is_doubtful(name, end) else (end, SETTING)
    last = name.rpartition("_")[2]
    return (last, CREDENTIAL) if last in CREDENTIAL_WORDS else ("", "")


def _is_doubtful(name: str, end: str) -> bool:
    """Say whether what ends as a setting does may be a credential all the same."""
    words = name.removesuffix(end).rstrip("_").split("_")
    if end in ADDRESS_ENDS and (ADDRESS_DOUBTS & {*words} or not ADDRESS_SIGNS & {*words}):
        return True
    return words[-1] in DOUBTED_WORDS and not end.endswith(NAMING_ENDS)


def _find_issuer(name: str) -> str:
    padded = f"_{_normal(name)}_"
    for issuer, texts in ISSUERS:
        if any(f"_{text}_" in padded for text in texts):
            return issuer
    return ""


def _find_part(provider: str, name: str) -> str | None:
    name = _normal(name)
    for end, part in PARTS.get(provider, {}).items():
        if _ends_in(name, end):
            return part
    return None


# Scripts are other people's: a hostile one must not cost more than a long one.
_LONGEST_SCRIPT = 20_000
_LONGEST_LINE = 500
_MOST_PLACES = 100

_PRESENTED_BEFORE = re.compile(
    r"""(?:
        (?:bearer|basic|token|passw(?:or)?d|passphrase|secret|api[-_]?key|authorization
           |private[-_]?key) ["'\s:=]{0,6}
      | (?:login|sshpass|mysql)\b [^\n]* \s-p\s?["']?
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
_CURL_USER = re.compile(r"""\bcurl\b[^\n]*\s(?:-u|--user)[\s=]?["']?$""")
# `curl -u NAME:WORD` names the user first; `curl -u WORD:` has no other word than that.
_PASSWORD_FOLLOWS = re.compile(r"""["']*:["']*[^\s"']""")
_IN_AN_ADDRESS = re.compile(r"https?://(?:[^\s/@]*:)?$", re.IGNORECASE)
_PIPED = re.compile(r"""^["'}\s]*\|[^|\n]*(?:-stdin|--with-token|base64|\bgpg\b)""")


def _is_presented(consumer: Consumer, place: Reference, group: str, label: str) -> bool:
    """Say whether a script, or a longer text, hands the value over as one hands over a password."""
    if not place.name:
        return False
    word = label if group == "env" else place.name
    form = rf"\$\{{\{{\s*secrets\.{re.escape(place.name)}\s*\}}\}}"
    text = consumer.script
    if group == "with":
        text = consumer.inputs.get(label.lower(), "")
    elif group == "env":
        form = rf"\$(?:\{{|env:)?{re.escape(label)}\b\}}?"
    text = text[:_LONGEST_SCRIPT]
    if word.lower() not in text.lower():
        return False
    for match in islice(re.finditer(form, text, re.IGNORECASE), _MOST_PLACES):
        before = text[: match.start()].rpartition("\n")[2][-_LONGEST_LINE:]
        after = text[match.end() :][:_LONGEST_LINE].partition("\n")[0]
        is_user = _PASSWORD_FOLLOWS.match(after)
        if _PRESENTED_BEFORE.search(before) or (_CURL_USER.search(before) and not is_user):
            return True
        if _IN_AN_ADDRESS.search(before) and after.startswith("@"):
            return True
        if _PIPED.search(after):
            return True
    return False
