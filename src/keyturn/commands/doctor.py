"""`keyturn doctor`: which right, credential, channel or schedule is missing, or wider than needed.

It reads, and changes nothing. What state a declared token is in, `check` says.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from keyturn import parallel, providers
from keyturn.commands import wiring
from keyturn.commands.rotation_world import find_recovery_key
from keyturn.commands.watching import survey_watch
from keyturn.config import PLACES, Config
from keyturn.doctor import judge_permissions, judge_rotating_steps, judge_variables
from keyturn.errors import ExitCode, PlatformError, PlatformUnavailable, UsageError
from keyturn.inspection import WORKERS, Inspector
from keyturn.model import SCHEDULE_STOPPED, FailureKind, Survey, Token
from keyturn.model.diagnosis import Diagnosis, Health
from keyturn.model.rotation import RECOVERY_KEY
from keyturn.redaction import without_values
from keyturn.report import publish
from keyturn.report.coarse import render_counts
from keyturn.report.doctor import render_doctor
from keyturn.settings import Settings
from keyturn.survey import make_inspector
from keyturn.transport import Transport

if TYPE_CHECKING:
    from keyturn.github.client import Client
    from keyturn.github.rights import Right, Wanted

_ILL = (Health.MISSING, Health.TOO_WIDE)
_OF_JOBS = ("Actions", "Contents", "Issues")
"""What the job's own token can be given; of secrets it sees none."""
_RIGHTS = (
    "of a GitHub App: its settings, Permissions & events, then accept them where it is installed; "
    "of a fine-grained token: its settings, Permissions (docs/how-to/github-app.md)"
)


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print every part of the set-up. Exit 1 where one is missing or too wide, 3 if unasked."""
    if settings.runner.untrusted_event:
        raise UsageError(
            f"no credential is sent in a run that {settings.runner.event_name} started",
            hint="run it by hand, by schedule or by dispatch",
        )
    publish.require_writable(settings)
    settings = wiring.with_repository(settings)
    config = wiring.load_config(settings)
    github = wiring.connect(settings)
    settings = wiring.with_audience(settings, github, config)
    with Transport(ca_bundle=settings.ca_bundle) as transport, settings.progress.shown():
        found = without_values(tuple(_Doctor(settings, config, github, transport).diagnose()))
    healths = (each.health for each in found)
    coarse = render_counts("parts of the set-up", healths, nothing="nothing to look at")
    publish.deliver(partial(render_doctor, found), settings, coarse=coarse)
    if any(each.health is Health.NOT_CHECKED for each in found):
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if any(each.health in _ILL for each in found) else ExitCode.OK


@dataclass(frozen=True, slots=True)
class _Doctor:
    settings: Settings
    config: Config
    github: Client | None
    transport: Transport

    def diagnose(self) -> Iterator[Diagnosis]:
        yield self._configuration()
        if self.github:
            yield from self._at_github(self.github)
        else:
            yield Diagnosis(
                "credential",
                "GITHUB_TOKEN",
                Health.MISSING,
                "GitHub is not asked for secrets, and no issue is written",
                "the step's `token:` input, or the variable where it is run by hand",
            )
        yield from self._tokens()
        yield from self._heartbeat()
        yield from self._recovery_key()
        self.settings.progress.say("looking at keyturn's own schedule")
        watched = survey_watch(self.settings, self.config, self.github)
        uses = watched.inventory.uses
        variables = [name for token in self.config.tokens for name in token.variables]
        variables += filter(None, [self.config.heartbeat])
        yield from judge_variables(uses, variables)
        yield from judge_rotating_steps(uses)
        yield from judge_permissions(uses, journal=self.config.journal is not None)
        yield from _schedule(watched, self.settings.runner.server_url)

    @property
    def _rotates(self) -> bool:
        return any(token.rotate.enabled for token in self.config.tokens)

    def _configuration(self) -> Diagnosis:
        path = self.config.path
        if path is None:
            return Diagnosis(
                "configuration",
                PLACES[0],
                Health.MISSING,
                "nothing is declared, so no provider is asked",
                "`keyturn init` writes a first one",
            )
        tokens = len(self.config.tokens)
        return Diagnosis("configuration", path, Health.FINE, f"good; tokens declared: {tokens}")

    def _at_github(self, github: Client) -> Iterator[Diagnosis]:
        """Judge the credential for GitHub; where it opens nothing, that is all there is to say."""
        from keyturn.github.rights import try_rights

        self.settings.progress.say("trying the rights at GitHub")
        try:
            rights = list(try_rights(github, self._wanted()))
        except PlatformError as error:
            change = error.hint or _RIGHTS
            yield Diagnosis("credential", "GitHub", _without(error), error.message, change)
            return
        yield _judge_kind(github)
        yield from map(_about_right, rights)
        yield from self._tracker(github)

    def _wanted(self) -> Wanted:
        from keyturn.github.rights import Wanted

        config, repository = self.config, self.settings.repository
        refs = [stored.ref for token in config.tokens for stored in token.secrets]
        owners = [owner for token in config.tokens for owner in token.owners]
        journal = config.journal
        at_github = journal is not None and journal.path is None
        return Wanted(
            repository,
            tracker=config.issues.repository or repository,
            organizations=tuple(
                sorted({ref.scope.owner for ref in refs if not ref.scope.repository})
            ),
            members=any("/" not in owner for owner in owners),
            journal=((journal and journal.repository) or repository) if at_github else "",
            rotates=self._rotates,
        )

    def _tracker(self, github: Client) -> Iterator[Diagnosis]:
        """Say whether issues can be where they are to be; only what is wrong."""
        from keyturn.github.client import repository_facts

        tracker = self.config.issues.repository or self.settings.repository
        place = "`issues.repository` in the configuration"
        try:
            facts = repository_facts(github, tracker)
        except PlatformError as error:
            yield Diagnosis("channel", tracker, _without(error), error.told, place)
            return
        if facts.archived or not facts.has_issues:
            why = "it is archived" if facts.archived else "its issues are switched off"
            told = f"no issue can be written: {why}"
            yield Diagnosis("channel", tracker, Health.MISSING, told, place)
        elif not facts.private and not self.config.issues.public:
            why = "everybody can read it, so one issue says how much is wrong and none has names"
            change = f"{place} names a private one"
            yield Diagnosis("channel", tracker, Health.BETTER_WITH, why, change)
        else:
            yield Diagnosis("channel", tracker, Health.FINE, "issues can be written there")

    def _tokens(self) -> Iterator[Diagnosis]:
        """Ask each provider with the credential that is declared, where this run has it."""
        inspector = make_inspector(
            self.config,
            providers=providers.make_all(self.config.tokens, self.transport),
            credentials=self.settings.credentials,
            now=self.settings.now,
        )
        asked = [each for each in self.config.tokens if each.credential_env or each.value_env]
        trying = self.settings.progress.each(
            partial(self._token, inspector),
            asked,
            what=lambda token: f"asking {token.provider}",
            noun="token",
        )
        yield from parallel.start(trying, asked, workers=WORKERS)()

    def _token(self, inspector: Inspector, token: Token) -> Diagnosis:
        _, failure = inspector.inspect(token)
        named = ", ".join((token.credential_env or token.value_env).values())
        subject = f"{token.id}: {named}"
        if failure is None:
            return Diagnosis("credential", subject, Health.FINE, f"{token.provider} answers")
        if failure.kind is FailureKind.CREDENTIAL_MISSING:
            here = self.settings.runner.in_actions
            message = failure.message if here else "is not set here, so it was not tried"
            health = Health.MISSING if here else Health.BETTER_WITH
            return Diagnosis("credential", subject, health, message, "`env:` of the step")
        unasked = failure.kind is FailureKind.PROVIDER_UNAVAILABLE
        return Diagnosis(
            "credential",
            subject,
            Health.NOT_CHECKED if unasked else Health.MISSING,
            failure.message,
            f"docs/reference/providers.md, {token.provider}: the credential and its least scope",
        )

    def _heartbeat(self) -> Iterator[Diagnosis]:
        name = self.config.heartbeat
        if name and self.settings.runner.in_actions:
            there = self.settings.credentials.find(name) is not None
            health = Health.FINE if there else Health.MISSING
            told = "is set" if there else "is not set: nobody outside notices when keyturn stops"
            yield Diagnosis("channel", name, health, told, "" if there else "`env:` of the step")

    def _recovery_key(self) -> Iterator[Diagnosis]:
        """Judge what a rotation cannot begin without; nothing where none is configured."""
        if self.config.journal is None:
            if self._rotates:
                told = "tokens are to be rotated, and no rotation begins without a journal"
                change = "`journal:` in the configuration (docs/how-to/rotate-a-token.md)"
                yield Diagnosis("configuration", "journal", Health.MISSING, told, change)
            return
        try:
            key = find_recovery_key(self.settings, self.config)
        except UsageError as error:
            change = error.hint or "`journal.recovery-public-key` in the configuration"
            yield Diagnosis("credential", RECOVERY_KEY, Health.MISSING, error.message, change)
            return
        if key is None:
            # The job that rotates may be another one than this.
            told = "is not set here: this run could not read the journal, nor rotate"
            yield Diagnosis(
                "credential", RECOVERY_KEY, Health.BETTER_WITH, told, "`env:` of the step"
            )
        else:
            told = "is the other half of `journal.recovery-public-key`"
            yield Diagnosis("credential", RECOVERY_KEY, Health.FINE, told)


def _without(error: PlatformError) -> Health:
    """Return what it means that GitHub did not tell."""
    unasked = isinstance(error, PlatformUnavailable)
    return Health.NOT_CHECKED if unasked else Health.MISSING


def _judge_kind(github: Client) -> Diagnosis:
    """Judge what GitHub told of the credential beside its answers."""
    if github.scopes is None:
        return Diagnosis("credential", "GitHub", Health.FINE, "is set, and is no classic token")
    return Diagnosis(
        "credential",
        "GitHub",
        Health.TOO_WIDE,
        f"a classic personal token ({github.scopes}), or one of a person's sign-in, reaches every"
        " repository of its owner, and ends with them",
        "a GitHub App's token has just the rights below (docs/how-to/github-app.md)",
    )


def _about_right(right: Right) -> Diagnosis:
    if right.error is None:
        written = right.name.endswith("write")
        told = f"{right.purpose}: can be read"
        told += "; whether it may write is seen only when it does" if written else ""
        return Diagnosis("permission", right.name, Health.FINE, told)
    if not right.lacking:
        told = f"{right.purpose}: {right.error.told}"
        return Diagnosis("permission", right.name, Health.NOT_CHECKED, told)
    health = Health.MISSING if right.required else Health.BETTER_WITH
    area, _, access = right.name.partition(": ")
    change = _RIGHTS
    if area in _OF_JOBS:
        own = f"`permissions:` of keyturn's job, `{area.lower()}: {access}`"
        change = f"of the job's own token: {own}; {change}"
    return Diagnosis("permission", right.name, health, f"{right.purpose}: not seen", change)


def _schedule(watched: Survey, server_url: str) -> Iterator[Diagnosis]:
    for finding in watched.findings:
        area = "schedule" if finding.rule == SCHEDULE_STOPPED else "credential"
        change = f"`keyturn explain {finding.rule}` says what to do"
        named = [each.path for each in watched.inventory.uses.own if each.path in finding.message]
        if named:
            file = quote(named[0].rpartition("/")[2])
            page = f"{server_url}/{watched.repository}/actions/workflows/{file}"
            change = f"{page}; {change}"
        yield Diagnosis(area, finding.subject, Health.MISSING, finding.message, change)
    if any(finding.rule == SCHEDULE_STOPPED for finding in watched.findings):
        return
    own = watched.inventory.uses.own
    if own and SCHEDULE_STOPPED in watched.unevaluated:
        told = "GitHub was not seen to start it by the clock, or to have stopped"
        yield Diagnosis("schedule", own[0].path, Health.BETTER_WITH, told, _RIGHTS)
    elif own:
        yield Diagnosis("schedule", own[0].path, Health.FINE, "GitHub's clock starts it")
    elif watched.inventory.uses.own_known:
        yield Diagnosis(
            "schedule",
            watched.repository,
            Health.MISSING,
            "no workflow here starts keyturn by the clock",
            "`keyturn init` writes one; or workflows-examples/check-scheduled.yml",
        )
