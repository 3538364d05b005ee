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

from keyturn import parallel, providers
from keyturn.commands import wiring
from keyturn.config import Config
from keyturn.config.problems import suggest
from keyturn.errors import CredentialMissing, ProviderError, UsageError
from keyturn.first_break import find_first_break
from keyturn.inspection import WORKERS
from keyturn.interfaces import Access, Provider, RevokingProvider
from keyturn.model import Inspected, Inventory, Sighting, State, Token, TokenStatus
from keyturn.plain import plain
from keyturn.report.leaks import SCHEMA
from keyturn.report.revocation import Entry
from keyturn.revocation import Fate, Target, pin
from keyturn.scan.patterns import PATTERNS
from keyturn.scan.review import Leak
from keyturn.scan.values import read_values
from keyturn.secret_value import SecretValue
from keyturn.settings import Settings
from keyturn.survey import judge_answers, make_inspector, take_inventory

_DEAD = (State.EXPIRED, State.REVOKED)
_GONE = "its value does not stand there any more"


@dataclass(frozen=True, slots=True)
class Found:
    """One token, and how to kill it; None where keyturn cannot."""

    entry: Entry
    target: Target | None


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

    def find(self, arguments: argparse.Namespace) -> list[Found]:
        """Return the tokens that the command line means. Raises UsageError."""
        if arguments.leaks:
            return list(self._leaked(arguments.leaks))
        tokens = chosen(self._config, arguments.tokens)
        config = replace(self._config, tokens=tuple(tokens))
        names = {token.provider for token in tokens}
        inspector = make_inspector(
            config,
            providers={name: self._make(name) for name in names},
            credentials=self._settings.credentials,
            now=self._settings.now,
        )
        answers = parallel.start(inspector.inspect, tokens, workers=WORKERS)()
        inspected, _ = judge_answers(config, answers)

        def access_to(token: Token) -> Access | None:
            try:
                return inspector.access(token)
            except CredentialMissing:
                return None

        if arguments.all_of:
            sightings, failures = inspector.list_all(inspected)
            if failures:
                raise UsageError(f"not everything can be listed: {failures[0].message}")
            return list(self._owned(arguments.all_of, inspected, sightings, access_to))
        inventory = self._inventory(config)
        return [self._declared(each, inventory, access_to(each.token)) for each in inspected]

    def _inventory(self, config: Config) -> Inventory:
        settings = self._settings
        world = wiring.make(settings, wiring.connect(settings))
        return take_inventory(config, world, repository=settings.repository, now=settings.now)

    def _declared(self, inspected: Inspected, inventory: Inventory, access: Access | None) -> Found:
        token, status = inspected.token, inspected.status
        copies = [secret for secret in inventory.secrets if secret.declared_by == token.id]
        entry = Entry(
            token.id,
            token.provider,
            status,
            confirm=status.token_id or token.id,
            secrets=tuple(str(stored.ref) for stored in token.secrets),
            references=tuple({place: None for copy in copies for place in copy.references}),
            first_break=find_first_break(
                [use for copy in copies for use in copy.uses], self._settings.now
            ),
        )
        return _judge(entry, token, access)

    def _owned(
        self,
        owners: Sequence[str],
        inspected: Sequence[Inspected],
        sightings: Sequence[Sighting],
        access_to: Callable[[Token], Access | None],
    ) -> Iterator[Found]:
        tokens = {each.token.id: each.token for each in inspected}
        wanted = {owner.casefold() for owner in owners}
        for sighting in sightings:
            listed, status = sighting.listed, sighting.listed.status
            if (status.owner or "").casefold() not in wanted or status.state in _DEAD:
                continue
            name = f"{listed.key} ({listed.name})" if listed.name else listed.key
            confirm = status.token_id or listed.key
            entry = Entry(name, sighting.provider, status, confirm=confirm)
            via = tokens[sighting.via]
            # The value that the declaration may have is another token's.
            access = replace(found, value={}) if (found := access_to(via)) else None
            yield _judge(entry, via, access)

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
            return Found(replace(entry, problem=_GONE), None)
        if provider is None:
            return Found(replace(entry, problem=_by_hand(first.rule)), None)
        access = Access({"": value}, own=True, value={"": value})
        known = []
        for url in self._addresses(provider):
            token = Token("leak", provider, options={**_defaults(provider), "url": url})
            try:
                status = self._make(provider).inspect(token, access, now=self._settings.now)
            except ProviderError as error:
                entry = replace(entry, problem=error.told)
                continue
            if status.state not in _DEAD:
                confirm = status.token_id or entry.confirm
                told = replace(entry, status=status, confirm=confirm, problem="")
                return _judge(told, token, access)
            known.append(status)
        if known:
            return _judge(replace(entry, status=known[0], problem=""), token, access)
        return Found(entry, None)

    def _addresses(self, provider: str) -> list[str]:
        """Return the servers of that provider that the configuration names, else its own."""
        named = [t.options["url"] for t in self._config.tokens if t.provider == provider]
        return list(dict.fromkeys(named)) or [str(_defaults(provider)["url"])]


def _judge(entry: Entry, token: Token, access: Access | None) -> Found:
    """Say whether, and how, the token can be killed."""
    shape = providers.load(token.provider)
    status = entry.status
    if not issubclass(shape, RevokingProvider):
        return Found(replace(entry, problem=f"{token.provider} has no API for that"), None)
    if status.state in _DEAD:
        told = status.reason or "it was dead before"
        return Found(replace(entry, fate=Fate.DEAD, message=told), None)
    value = access.value if access else {}
    if access is None or (status.token_id is None and not value):
        problem = status.reason or "the provider tells no id, and the value was not given"
        return Found(replace(entry, problem=problem), None)
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
    if not all(type(number) is int for number in (line, column, end_line)):
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


def _defaults(provider: str) -> dict[str, Any]:
    defaults: dict[str, Any] = providers.load(provider).options_model()().model_dump()
    return defaults
