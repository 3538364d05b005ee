"""Finds what `keyturn revoke` is about: declared tokens, all of an owner's, or leaked ones.

It asks and reads; it revokes nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keyturn import providers
from keyturn.commands import wiring
from keyturn.commands.journal_reading import read_memory
from keyturn.config import Config
from keyturn.config.problems import suggest
from keyturn.errors import (
    CredentialMissing,
    KeyturnError,
    ProviderError,
    ProviderUnavailable,
    UsageError,
)
from keyturn.first_break import find_first_break
from keyturn.inspection import Inspector
from keyturn.interfaces import Access, Provider, RevokingProvider
from keyturn.model import (
    Failure,
    FailureKind,
    Inspected,
    State,
    Token,
    TokenStatus,
)
from keyturn.plain import plain
from keyturn.remembered import Memory
from keyturn.report.leaks import SCHEMA
from keyturn.report.revocation import Entry
from keyturn.revocation import Fate, Target, pin
from keyturn.scan.patterns import PATTERNS
from keyturn.scan.review import Leak
from keyturn.scan.values import read_values
from keyturn.secret_value import SecretValue
from keyturn.settings import Settings
from keyturn.survey import make_inspector, start_inspection, take_inventory

_GONE = "its value does not stand there any more"


@dataclass(frozen=True, slots=True)
class Found:
    """One token, and how to kill it; None where keyturn cannot."""

    entry: Entry
    target: Target | None = None
    declared_by: Token | None = None
    """The declaration whose token it is."""


def chosen(config: Config, ids: Sequence[str]) -> list[Token]:
    """Return the declared tokens of these ids. Raises UsageError for an unknown one."""
    known = {token.id: token for token in config.tokens}
    for id in ids:
        if id not in known:
            hint = suggest(id, known) if known else "declare it in the configuration"
            raise UsageError(f"no token is declared as {id}", hint=hint)
    return [known[id] for id in dict.fromkeys(ids)]


class Search:
    """One run's search for what is to be revoked."""

    def __init__(self, settings: Settings, config: Config, make: Callable[[str], Provider]) -> None:
        self._settings = settings
        self._config = config
        self._make = make

    def find(self, arguments: argparse.Namespace) -> tuple[list[Found], tuple[Failure, ...]]:
        """Return the tokens that the command line means, and who did not answer about them.

        Raises UsageError, and KeyturnError where a list is not whole.
        """
        if arguments.leaks:
            return list(self._leaked(arguments.leaks)), ()
        tokens = chosen(self._config, arguments.tokens)
        names = {token.provider for token in tokens}
        if arguments.all_of:
            # A listed token may be one that is declared too, and jobs may live by it.
            tokens = [token for token in self._config.tokens if token.provider in names]
        config = replace(self._config, tokens=tuple(tokens))
        inspector = make_inspector(
            config,
            providers={name: self._make(name) for name in names},
            credentials=self._settings.credentials,
            now=self._settings.now,
            progress=self._settings.progress,
        )
        memory = self._remember(tokens)
        wait = start_inspection(config, inspector, memory, repository=self._settings.repository)
        inspected, failures = wait()
        if memory.failure:
            failures += (memory.failure,)
        if arguments.all_of:
            found = self._owned(arguments.all_of, arguments.tokens, inspected, inspector)
        else:
            found = [_declared(each, _access(inspector, each.token)) for each in inspected]
        return found, failures

    def _remember(self, tokens: Sequence[Token]) -> Memory:
        """Return what the journal tells, which is asked only where a token may have another id.

        GitHub may be slow or down, and nothing else is waited for.
        """
        if not any(token.options.get("token_id") and token.rotate.enabled for token in tokens):
            return Memory()
        try:
            github = wiring.connect(self._settings)
        except KeyturnError:
            github = None
        return read_memory(self._settings, self._config, github)

    def add_consumers(self, found: Sequence[Found]) -> tuple[list[Found], tuple[Failure, ...]]:
        """Return the same with who lives by them, and what of that could not be learned."""
        declared = {each.declared_by.id: each.declared_by for each in found if each.declared_by}
        if not declared:
            return list(found), ()
        settings, config = self._settings, replace(self._config, tokens=tuple(declared.values()))
        try:
            world = wiring.make(settings, wiring.connect(settings))
            inventory = take_inventory(
                config, world, repository=settings.repository, now=settings.now
            )
        except KeyturnError as error:  # what was revoked must be told all the same
            told = f"who lives by the tokens is not known: {error.told}"
            failure = Failure(FailureKind.GITHUB_UNAVAILABLE, settings.repository, told)
            return list(found), (failure,)
        known = []
        for each in found:
            if each.declared_by:
                token = each.declared_by
                copies = [copy for copy in inventory.secrets if copy.declared_by == token.id]
                uses = [use for copy in copies for use in copy.uses]
                entry = replace(
                    each.entry,
                    secrets=tuple(str(stored.ref) for stored in token.secrets),
                    references=tuple({place: None for copy in copies for place in copy.references}),
                    first_break=find_first_break(uses, settings.now),
                )
                each = replace(each, entry=entry)
            known.append(each)
        return known, (*inventory.failures, *inventory.uses.failures)

    def _owned(
        self,
        owners: Sequence[str],
        via: Sequence[str],
        inspected: Sequence[Inspected],
        inspector: Inspector,
    ) -> list[Found]:
        sightings, failures = inspector.list_all(inspected, via=via)
        if failures:
            first = failures[0]
            raise KeyturnError(
                f"nothing was revoked, because not everything can be listed: {first.subject}:"
                f" {first.message}"
            )
        tokens = {each.token.id: each.token for each in inspected}
        wanted = {owner.casefold() for owner in owners}
        found = []
        for sighting in sightings:
            listed, status = sighting.listed, sighting.listed.status
            named = status.owner is not None and status.owner.casefold() in wanted
            # What the provider made for itself, it would only make again.
            if not named or listed.managed or status.state.is_over:
                continue
            name = f"{listed.key} ({listed.name})" if listed.name else listed.key
            entry = Entry(name, sighting.provider, status, confirm=status.token_id or listed.key)
            asking, itself = tokens[sighting.via], sighting.declared_by == sighting.via
            access = _access(inspector, asking)
            if access and not itself:
                # The declaration's value is another token's.
                access = Access(access.credential, own=False)
            judged = replace(
                _judge(entry, asking, access), declared_by=tokens.get(sighting.declared_by or "")
            )
            # What asks for the others' end goes last.
            found.append((itself, judged))
        return [each for _, each in sorted(found, key=lambda item: item[0])]

    def _leaked(self, report: str) -> Iterator[Found]:
        leaks = _read_report(self._settings.root / report)
        values = read_values(self._settings.root, leaks)
        tokens: list[tuple[SecretValue | None, list[Leak]]] = []
        for leak in leaks:
            value = values.get(leak)
            same = (places for known, places in tokens if known and value and known.is_same(value))
            places = next(same, None)
            if places is None:
                tokens.append((value, [leak]))
            else:
                places.append(leak)
        for value, places in tokens:
            yield self._leak(places, value)

    def _leak(self, places: Sequence[Leak], value: SecretValue | None) -> Found:
        first = places[0]
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        name = f"{first.rule} at {_place(first)}{more}"
        provider = _provider_of(first.rule)
        unknown = TokenStatus(State.UNKNOWN)
        entry = Entry(name, provider or "no provider", unknown, confirm=_place(first))
        if value is None:
            return Found(replace(entry, problem=_GONE))
        if provider is None:
            return Found(replace(entry, problem=_by_hand(first.rule)))
        access = Access({"": value}, own=True, value={"": value})
        named = [t.options["url"] for t in self._config.tokens if t.provider == provider]
        return self._leak_at(entry, provider, list(dict.fromkeys(named)), access)

    def _leak_at(self, entry: Entry, provider: str, named: Sequence[str], access: Access) -> Found:
        """Look for a value at the servers that the configuration names, else the provider's own."""
        defaults = providers.load(provider).options_model()().model_dump()
        addresses = named or [str(defaults["url"])]
        problems, deaths = [], []
        for url in addresses:
            token = Token("leak", provider, options={**defaults, "url": url})
            try:
                status = self._make(provider).inspect(token, access, now=self._settings.now)
            except ProviderError as error:
                problems.append(error.told)
                if len(addresses) > 1 or not isinstance(error, ProviderUnavailable):
                    continue
                # It may take what is revoked all the same.
                status = entry.status
            if not status.state.is_over:
                confirm = status.token_id or entry.confirm
                return _judge(replace(entry, status=status, confirm=confirm), token, access)
            deaths.append(status)
        if problems:
            return Found(replace(entry, problem="; ".join(problems)))
        told = "; ".join(filter(None, (status.reason for status in deaths)))
        if named:
            return Found(replace(entry, status=deaths[0], fate=Fate.DEAD, message=told))
        told += "; if another server made it, declare a token of that server"
        return Found(replace(entry, fate=Fate.UNKNOWN, message=told))


def _access(inspector: Inspector, token: Token) -> Access | None:
    try:
        return inspector.access(token)
    except CredentialMissing:
        return None


def _declared(inspected: Inspected, access: Access | None) -> Found:
    token, status = inspected.token, inspected.status
    entry = Entry(token.id, token.provider, status, confirm=status.token_id or token.id)
    return replace(_judge(entry, token, access), declared_by=token)


def _judge(entry: Entry, token: Token, access: Access | None) -> Found:
    """Say whether, and how, the token can be killed."""
    shape = providers.load(token.provider)
    status = entry.status
    if not issubclass(shape, RevokingProvider):
        return Found(replace(entry, problem=f"{token.provider} has no API for that"))
    if status.state.is_over:
        told = status.reason or "it was dead before"
        return Found(replace(entry, fate=Fate.DEAD, message=told))
    value = access.value if access else {}
    if access is None or (status.token_id is None and not value):
        problem = status.reason or "the provider tells no id, and the value was not given"
        return Found(replace(entry, problem=problem))
    token = pin(token, status.token_id, shape.options_model())
    target = Target(entry.name, token, access, status.token_id, status)
    return Found(replace(entry, outlived_by=shape.outlives(token)), target)


def _read_report(path: Path) -> list[Leak]:
    """Return the leaks of a report of `keyturn scan`. Raises UsageError."""
    try:
        report = json.loads(path.read_bytes())
        if report["schema"] != SCHEMA:
            raise ValueError
        return [_read_leak(row) for row in report["leaks"]]
    except OSError as error:
        raise UsageError(f"--leaks {path}: {error.strerror or 'cannot be read'}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        hint = "write one with: keyturn scan --format json > REPORT"
        raise UsageError(f"--leaks {path}: that is no report of a scan", hint=hint) from error


def _read_leak(row: Any) -> Leak:
    texts = [row[name] for name in ("path", "rule", "preview", "confidence")]
    line, column, end_line = (row[name] for name in ("line", "column", "end_line"))
    shaped = all(type(number) is int for number in (line, column, end_line))
    if not (shaped and all(isinstance(text, str) for text in texts)):
        raise TypeError
    path, rule, preview, confidence = texts
    commit = str(row["commit"] or "")
    return Leak(path, line, column, end_line, rule, preview, confidence, commit)


def _place(leak: Leak) -> str:
    return f"{plain(leak.path)}:{leak.line}:{leak.column}"


def _provider_of(rule: str) -> str | None:
    for name in providers.names():
        shape = providers.load(name)
        if issubclass(shape, RevokingProvider) and rule in shape.leak_rules:
            return name
    return None


def _by_hand(rule: str) -> str:
    source = next((row.source for row in PATTERNS if row.id == rule), "")
    return "its value alone does not suffice; revoke it at its provider" + (
        f" ({source})" if source else ""
    )
