"""PURE: decides what to do about the issues of one tracker, so that they say what a survey found.

One issue per declared token with findings of warning or above. It asks and writes nothing; what
is untrusted is escaped by the writer it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from keyturn.issues.case import Case, find_unproven
from keyturn.issues.facts import (
    doubts_of,
    facts_of,
    find_news,
    is_about_death,
    is_crossed,
    leaves_out,
    life_of,
    step_of,
)
from keyturn.issues.fate import is_hushed, labels_over, reconsider
from keyturn.issues.snooze import asks_for_silence
from keyturn.issues.state import (
    Action,
    Found,
    Issue,
    Kind,
    Life,
    Memory,
    group,
    identify,
    read_memory,
    release_body,
    rule_of,
    with_memory,
    write_body,
)
from keyturn.manual import find_doubts, recall
from keyturn.model import COPY_RULES, ROTATION_STUCK, Finding, Inspected, Severity, State, Survey

MAX_ASSIGNEES = 10
"""GitHub docs, "Create an issue", 2026-11."""

_OTHERS = "neglected-tokens"


class Writer(Protocol):
    """Makes the texts, everything untrusted escaped."""

    def title(self, case: Case) -> str:
        """Return the title: absolute dates only."""
        ...

    def text(self, case: Case) -> str:
        """Return what stands inside the fence."""
        ...

    def comment(self, kind: Kind, case: Case, *, news: Sequence[Finding] = ()) -> str:
        """Return what to say beside a change of that kind; `news` was not said before."""
        ...

    def farewell(self, kind: Kind, token: str, *, number: int = 0) -> str:
        """Return what to say when dropping, or folding into issue `number`."""
        ...


@dataclass(frozen=True, slots=True)
class Convergence:
    """What is decided from: one survey, its tracker, and who can be assigned there."""

    survey: Survey
    tracker: str
    """owner/name of the repository whose issues these are."""
    writer: Writer
    assignable: Mapping[str, bool] = field(default_factory=dict)
    """Login -> whether the tracker would accept the assignment; owners not in it are mentioned."""

    @property
    def wants_issues(self) -> bool:
        """Some token should have an open issue."""
        return any(self.case(inspected).findings for inspected in self._meant({}))

    def find(self, issues: Iterable[Issue]) -> dict[str, Found]:
        """Group the tracker's issues by the tokens of this repository they are about."""
        return group(issues, "token", tracker=self.tracker, repository=self.survey.repository)

    def opens_any(self, found: Mapping[str, Found]) -> bool:
        """Say whether a token needs an issue that is not among those found; nothing is written."""
        return any(
            self._fate(self.case(inspected), found.get(inspected.token.id, Found())) is Kind.OPEN
            for inspected in self._meant(found)
        )

    def find_asking(self, found: Mapping[str, Found]) -> list[Issue]:
        """Return the issues that are to be silent, if those who said so may."""
        current = (
            found.get(inspected.token.id, Found()).current
            for inspected in self._meant(found)
            if self.case(inspected).findings
        )
        asking = [issue for issue in current if issue and asks_for_silence(issue)]
        return [each for each in asking if (m := read_memory(each.body)) and not m.resolved]

    def owners_to_check(self, found: Mapping[str, Found]) -> list[str]:
        """Return the logins whose assignability is needed and not remembered by an issue."""
        logins: dict[str, None] = {}
        for inspected in self._meant(found):
            about = found.get(inspected.token.id, Found())
            fate = self._fate(self.case(inspected), about)
            if fate is None:
                continue
            memory = None
            if about.current and fate is not Kind.OPEN:
                memory = read_memory(about.current.body)
            known = memory.owners if memory else {}
            logins |= {login: None for login in _logins(inspected) if login not in known}
        return [login for login in logins if login not in self.assignable]

    def decide(self, found: Mapping[str, Found]) -> list[Action]:
        """Return every change, in the order of the configuration; none where all is said."""
        actions = [
            action
            for inspected in self._meant(found)
            for action in self.decide_token(inspected, found.get(inspected.token.id, Found()))
        ]
        if self.survey.touched is not None:
            return actions
        declared = {inspected.token.id for inspected in self.survey.tokens}
        for token in sorted(found.keys() - declared - self.survey.rotating):
            open_ones = [issue for issue in found[token].open if not self._may_be_rotating(issue)]
            actions += [self._leave(Kind.DROP, token, issue) for issue in open_ones]
        return actions

    def _may_be_rotating(self, issue: Issue) -> bool:
        """Say whether it tells of a rotation, and nobody could see whether that is over."""
        known = read_memory(issue.body)
        unseen = ROTATION_STUCK in self.survey.unevaluated
        return unseen and known is not None and ROTATION_STUCK in known.rules

    def decide_token(self, inspected: Inspected, found: Found) -> list[Action]:
        """Return the changes about one token.

        Of one nobody could ask about, no more is said than that its rotation needs a person.
        """
        case = self.case(inspected)
        match self._fate(case, found):
            case None:
                return []
            case Kind.OPEN:
                return [self._open(case)]
            case Kind.REOPEN:
                return self._reopen(case, found.closed[0])
        kept = found.open[0]
        change = self._keep(case, kept) if case.findings else self._resolve(case, kept)
        fold = [
            self._leave(Kind.FOLD, case.token, issue, number=kept.number)
            for issue in found.open[1:]
        ]
        return [*change, *fold]

    def _fate(self, case: Case, found: Found) -> Kind | None:
        """Say which issue a token's case belongs to: a new, a closed, or an open one; or none."""
        if case.inspected.status.state is State.UNKNOWN and not leaves_out(case, found.current):
            return None
        if found.open:
            return Kind.UPDATE
        if not case.findings:
            return None
        now = self.survey.now
        return reconsider(case, found.closed[0], now) if found.closed else Kind.OPEN

    def case(self, inspected: Inspected) -> Case:
        """Gather what an issue about a token says."""
        token = inspected.token
        copies = {s.ref: s for s in self.survey.inventory.secrets if s.declared_by == token.id}
        return Case(
            inspected,
            findings=tuple(
                finding
                for finding in self.survey.findings
                if finding.subject == token.id and _concerns(finding, inspected)
            ),
            copies=tuple(copies.values()),
            by_hand=not token.rotate.enabled or token.id in self.survey.by_hand,
            advice=next(
                (f.advice for f in self.survey.findings if f.advice and f.subject == token.id), None
            ),
        )

    def _meant(self, found: Mapping[str, Found]) -> list[Inspected]:
        """Return the tokens whose issues are to be brought in line."""
        touched = self.survey.touched
        if touched is None:
            return list(self.survey.tokens)
        stuck = {f.subject for f in self.survey.findings if f.rule == ROTATION_STUCK}
        for token, about in found.items():
            known = read_memory(about.open[0].body) if about.open else None
            stuck |= {token} if known and ROTATION_STUCK in known.rules else set()
        return [each for each in self.survey.tokens if each.token.id in touched | stuck]

    def _open(self, case: Case) -> Action:
        case, memory = self._introduce(case, Memory(life_of(case)))
        return Action(
            Kind.OPEN,
            case.token,
            title=self.writer.title(case),
            body=self._body("", case, memory),
            assignees=tuple(login for login, assigned in memory.owners.items() if assigned),
        )

    def _keep(self, case: Case, issue: Issue) -> list[Action]:
        """Update an open issue in place; comment only where something is news."""
        known = read_memory(issue.body)
        case, memory = self._introduce(case, known or Memory(life_of(case)))
        comment = None
        is_news = known and (is_crossed(case, known) or not set(memory.facts) <= set(known.facts))
        unseen = self._unseen(case, known) if known else set()
        hushed = known is not None and is_hushed(case, issue, known, self.survey.now)
        if unseen and (hushed or not is_news):
            return []  # what nobody could look at is not taken out
        if known and is_news and hushed:
            # The text is kept true; what was not said aloud is said when the time is over.
            memory = replace(memory, life=known.life, facts=known.facts, step=known.step)
        elif known and is_news:
            comment = self.writer.comment(Kind.UPDATE, case, news=find_news(case, known))
        if ROTATION_STUCK in map(rule_of, unseen):
            # Its section has what only the journal tells: the news stand in the comment alone.
            body = with_memory(issue.body, memory)
            return [Action(Kind.UPDATE, case.token, issue.number, body=body, comment=comment)]
        return self._change(Kind.UPDATE, issue, case, memory, comment=comment)

    def _resolve(self, case: Case, issue: Issue) -> list[Action]:
        """Close an open issue whose token has no finding left, if that is proven."""
        known = read_memory(issue.body)
        if case.inspected.status.state is not State.ACTIVE or (known and known.resolved):
            return []  # no proof of life; or closed once, and opened again by a person
        if known and self._unseen(case, known):
            return []  # it was about something else too, and nobody could look at that
        if self._is_on_the_way(case.token):
            return []  # which secrets hold it is known when its rotation has gone on
        renewed = known is not None and not life_of(case).continues(known.life)
        # Where the issue does not know its token, it may be about another one.
        strange = not (known and (known.life.token_id or known.life.deadline))
        replaced = renewed and known is not None and known.old is not None
        must_move = replaced or ((renewed or strange) and is_about_death(known))
        opened = issue.created_at if must_move else None
        about_copies = bool(known and known.rules & COPY_RULES)
        unproven = find_unproven(case, opened, about_copies=about_copies)
        unseen = unproven and all(copy.present is None for copy, _ in unproven)
        if unseen and about_copies and not renewed:
            return []  # the finding was not found because nobody could look
        case = replace(case, renewed=renewed, unproven=unproven)
        case, memory = self._introduce(case, known or Memory(life_of(case)))
        if case.unproven or case.doubts:
            # It is still about what it was opened about.
            about = known or Memory(Life())
            facts = tuple(sorted({*about.facts, *doubts_of(case)}))
            memory = replace(memory, life=about.life, facts=facts, step=about.step)
            is_news = known and set(facts) > set(about.facts)
            comment = self.writer.comment(Kind.UPDATE, case) if is_news else None
            return self._change(Kind.UPDATE, issue, case, memory, comment=comment)
        comment = self.writer.comment(Kind.CLOSE, case)
        memory = replace(memory, resolved=True)
        return self._change(Kind.CLOSE, issue, case, memory, comment=comment)

    def _reopen(self, case: Case, issue: Issue) -> list[Action]:
        known = read_memory(issue.body)
        assert known is not None
        case, memory = self._introduce(case, known)
        set_aside = issue.set_aside
        memory = replace(memory, reopened=known.reopened or not set_aside)
        news = find_news(case, known) if set_aside else ()
        comment = self.writer.comment(Kind.REOPEN, case, news=news)
        return self._change(Kind.REOPEN, issue, case, memory, comment=comment)

    def _change(
        self, kind: Kind, issue: Issue, case: Case, memory: Memory, *, comment: str | None
    ) -> list[Action]:
        """Return the action, or nothing where the issue says it all already."""
        title, body = self.writer.title(case), self._body(issue.body, case, memory)
        known = read_memory(issue.body)
        # Who was introduced before and is not assigned now was taken off by a person.
        new = [
            login
            for login, assigned in memory.owners.items()
            if assigned and not (known and login in known.owners)
        ]
        present = {login.lower() for login in issue.assignees}
        missing = [login for login in new if login.lower() not in present]
        action = Action(
            kind,
            case.token,
            issue.number,
            title=None if title == issue.title else title,
            body=None if body == issue.body else body,
            comment=comment,
            assignees=(*issue.assignees, *missing)[:MAX_ASSIGNEES] if missing else (),
            unlabel=labels_over(issue, self.survey.now),
        )
        return [action] if action != Action(Kind.UPDATE, case.token, issue.number) else []

    def _leave(self, kind: Kind, token: str, issue: Issue, *, number: int = 0) -> Action:
        return Action(
            kind,
            token,
            issue.number,
            body=release_body(issue.body),
            comment=self.writer.farewell(kind, token, number=number),
        )

    def _introduce(self, case: Case, known: Memory) -> tuple[Case, Memory]:
        """Bring what an issue remembers up to date with what it is going to say."""
        life = life_of(case)
        unasked = case.inspected.status.state is State.UNKNOWN
        same = unasked or life.continues(known.life)
        case = replace(case, old=recall(case, life, known.old))
        if not self._is_on_the_way(case.token):
            case = replace(case, doubts=find_doubts(case, life))
        logins = _logins(case.inspected)
        wanted = [x for x in logins if known.owners.get(x, self.assignable.get(x))]
        assigned = wanted[:MAX_ASSIGNEES]
        others = (owner for finding in case.findings for owner in finding.owners)
        owners = dict.fromkeys([*case.inspected.token.owners, *others])
        facts, steps = set(facts_of(case)), [step_of(case)]
        if same:
            steps.append(known.step)
            # What could not be seen this time is not forgotten, or its return would be news.
            unsure = unasked or any(copy.present is None for copy in case.copies)
            if not case.findings or unsure:
                facts |= set(known.facts)
            facts |= self._unseen(case, known)
        memory = Memory(
            life.including(known.life) if same else life,
            facts=tuple(sorted(facts)),
            step=min((step for step in steps if step is not None), default=None),
            owners={login: login in assigned for login in logins},
            reopened=known.reopened and same,
            old=case.old,
        )
        mentions = tuple(owner for owner in owners if owner.removeprefix("@") not in assigned)
        return replace(case, mentions=mentions), memory

    def _unseen(self, case: Case, known: Memory) -> set[str]:
        """Return the facts that it told, and that this run could not look into."""
        missed = any(f.subject == case.token and f.kind.incomplete for f in self.survey.failures)
        rules = {*self.survey.unevaluated, *self.survey.unjudged.get(case.token, ())}
        rules |= {_OTHERS} if missed else set()
        return {fact for fact in known.facts if rule_of(fact) in rules}

    def _is_on_the_way(self, token: str) -> bool:
        """Say whether the next run of a rotation writes its secrets."""
        return bool(self.survey.unjudged.get(token, frozenset()) & COPY_RULES)

    def _body(self, body: str, case: Case, memory: Memory) -> str:
        repository = self.survey.repository
        identity = identify(case.token, "token", tracker=self.tracker, repository=repository)
        return write_body(body, identity=identity, text=self.writer.text(case), memory=memory)


def _logins(inspected: Inspected) -> list[str]:
    """Return the owners that are people: teams cannot be assigned."""
    people = [owner.removeprefix("@") for owner in inspected.token.owners if "/" not in owner]
    return list(dict.fromkeys(people))


def _concerns(finding: Finding, inspected: Inspected) -> bool:
    """Say whether an issue tells it: of a token nobody could ask about, what its rotation needs."""
    known = inspected.status.state is not State.UNKNOWN
    return finding.severity is not Severity.INFO and (known or finding.rule == ROTATION_STUCK)
