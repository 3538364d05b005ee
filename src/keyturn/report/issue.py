"""The words of an issue: title, the text inside the fence, comments.

Dates are absolute and nothing moves by itself from one day to the next, so that an issue whose
facts stand still is not written again. It decides nothing about issues.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from keyturn.instants import format_instant
from keyturn.issues.case import Case
from keyturn.issues.state import Kind
from keyturn.manual import find_steps, has_compared
from keyturn.model import Finding, FirstBreak, Inspected, Reference, Token, TokenStatus
from keyturn.parse import split_address
from keyturn.report import escape
from keyturn.report.advice import fence, tell
from keyturn.report.dashboard import NoticeText
from keyturn.report.summary import describe_moment, format_expiry, places, unseen
from keyturn.report.template import Markdown, code, render
from keyturn.silence.guards import find_silence

_TITLES = {
    "expired": "has expired",
    "expiring": "expires",
    "revoked": "was revoked",
    "blocked-by-policy": "is refused by policy",
    "never-expires": "never expires",
    "lifetime-too-long": "lives longer than the policy allows",
    "copy-too-old": "is stored in a copy that is too old",
    "idle": "is not used any more",
    "unknown-expiry": "expires at a date that nobody can tell",
    "stale-copy": "is newer than a secret that should hold it",
    "drifted": "may differ from what its secrets hold",
    "shadowed": "has a copy that another secret hides",
    "missing-secret": "is missing in a secret that should hold it",
    "review-due": "lives long, which is to be reviewed",
    "rotation-stuck": "is not rotated without a person",
    "neglected-tokens": "sees other tokens that need their owners",
    "owner-gone": "has an owner who has left",
    "failed-login": "looks dead in a run that failed",
    "fails-silently": "could die without a job that says so",
}
_ADVICE = {
    "expired": "Make a new token at the provider and store it in every secret below. "
    "What uses the old one fails until then.",
    "expiring": "Renew the token at the provider before it dies, and store the new value in every "
    "secret below.",
    "revoked": "Find out who revoked it and why. If it is still needed, make a new one and store "
    "it in every secret below.",
    "blocked-by-policy": "The token lives, and the provider refuses it. Make one that its policy "
    "accepts, or ask the owner to be unblocked.",
    "never-expires": "Replace it by a token with an expiry date, or accept it with "
    "`never-expires` in the configuration.",
    "lifetime-too-long": "Replace it by a token with a shorter life when it is next renewed, "
    "or accept it with `long-lived` in the configuration.",
    "copy-too-old": "Renew the token, or declare when it expires if that is known.",
    "idle": "Remove the token and the secrets that hold it, if nothing needs them.",
    "unknown-expiry": "Declare the date with `expires` in the configuration, if it is known.",
    "stale-copy": "Store the present value in every secret below that was written before the "
    "token was made.",
    "drifted": "Store the present value in every secret below, or replace the token if nobody "
    "knows it any more.",
    "shadowed": "Declare the secret that is read in its place under the token that it holds, or "
    "delete the one that nothing needs.",
    "missing-secret": "Store the token where it is declared to be, or correct the declaration.",
    "rotation-stuck": "Mend what keeps the token from being rotated.",
    "failed-login": "Look at the run. If the token is dead, make a new one and store it in every "
    "secret below; if it lives, store it there again, as the copy may be another one.",
    "fails-silently": "Let the step fail: take the guard away, or have a later step look at how it "
    "ended.",
    "neglected-tokens": "Ask the owners of these tokens whether they are still needed; declare the "
    "ones that CI depends on. `keyturn inventory --provider NAME` shows them all.",
    "owner-gone": "Name somebody who is there in `owners:`. If the token is a leaver's own, have "
    "another account make a new one, and store it in every secret below.",
    "review-due": "Decide whether the token may still live as long as it does, and move the "
    "`review` date in the configuration.",
}
_ROTATED = {
    "expired": "keyturn makes a new one itself: see that `keyturn rotate --apply` runs. What uses "
    "the old one fails until then.",
    "expiring": "keyturn rotates the token itself when it is due: see that `keyturn rotate "
    "--apply` runs before it dies.",
}
"""What to do about a token that nothing keeps from being rotated."""
_TRY_AGAIN = (
    "Mend what keeps the token from being rotated; the next run of `keyturn rotate` tries it again."
)
_HOLDS = {
    "stored": "the new value",
    "waiting": "the old value",
    "writing": "one of both: it may have been written",
}
_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_-]{0,99}(/[A-Za-z0-9._-]{1,100})?")
_RECENT = timedelta(days=30)
_MOST_PLACES = 20
_MOST_COPIES = 50
_MOST_SCOPES = 30


@dataclass(frozen=True, slots=True)
class IssueText(NoticeText):
    """Writes about the tokens of one repository (issues.Writer), and about it as a whole."""

    now: datetime
    creation_link: Callable[[Token, TokenStatus], str | None] = lambda _token, _status: None
    """Where a person makes a token like it (Provider.creation_link)."""

    def title(self, case: Case) -> str:
        """Return the title: what is wrong at worst, and the job that fails."""
        if not case.findings:
            what = "is renewed" if case.renewed else "has nothing wrong any more"
            doubt = ", which not every copy proves" if case.unproven else ""
            doubt = ", and not as it was" if case.doubts else doubt
            return escape.title(f"{case.token} {what}{doubt}")
        worst = case.findings[0]
        what = f"{case.token} {_TITLES.get(worst.rule, worst.rule)}"
        if worst.due_at and worst.rule in ("expired", "expiring"):
            verb = "expired" if worst.rule == "expired" else "expires"
            what = f"{case.token} {verb} {worst.due_at:%Y-%m-%d}"
        first = _lasting(worst, case)
        if not first:
            return escape.title(what)
        when = f" from {format_instant(first.at)}" if worst.due_at else ""
        how = "fails unseen" if first.silent else "fails"
        return escape.title(f"{what}: {first.job} {how}{when}")

    def text(self, case: Case) -> str:
        """Return what stands inside the fence."""
        return render(
            "issue.md.j2",
            case=case,
            token=case.inspected.token,
            status=case.inspected.status,
            first=self._first(case),
            advice=list(dict.fromkeys(line for f in case.findings for line in _advise(f, case))),
            away=case.advice
            and Markdown(
                render("advice.md.j2", advice=case.advice, fence=fence(case.advice), tell=tell)
            ),
            halt=next((f.halt for f in case.findings if f.halt and f.halt.operation), None),
            holds=_HOLDS,
            expires=format_expiry(case.inspected.status),
            last_use=self._last_use(case.inspected),
            scopes=_cut(case.inspected.status.scopes, _MOST_SCOPES, ", "),
            steps=find_steps(case, split_address(self.server_url).netloc),
            link=self._link_to_form(case),
            most=_MOST_COPIES,
            wanted=lambda scopes: _cut(scopes, _MOST_SCOPES, ", "),
            copies=case.copies[:_MOST_COPIES],
            more_copies=len(case.copies) - _MOST_COPIES,
            **self._places(case),
            mentions=Markdown(" ".join(map(_mention, case.mentions))),
            instant=format_instant,
        )

    def comment(self, kind: Kind, case: Case, *, news: Sequence[Finding] = ()) -> str:
        """Return what to say beside an update, a reopening or a closing."""
        said = news or case.findings[:1]
        return render(
            "issue_comment.md.j2",
            kind=kind,
            case=case,
            token=case.inspected.token,
            status=case.inspected.status,
            lines=[(finding, self._break(finding, case)) for finding in said],
            moved_on=bool(news),
            compared=has_compared(case),
            expires=format_expiry(case.inspected.status),
            instant=format_instant,
        )

    def farewell(self, kind: Kind, token: str, *, number: int = 0) -> str:
        """Return what to say when an issue is no longer kept: dropped, or folded into another."""
        into = Markdown(f"#{number}")
        return render("issue_farewell.md.j2", kind=kind, token=token, into=into)

    def _link_to_form(self, case: Case) -> Markdown | None:
        """Return the address of the form in which the successor is made, safe in a link."""
        status = case.inspected.status
        if case.old:
            # What is wrong about a successor is not to be wrong about the next one.
            status = replace(status, scopes=case.old.scopes)
        link = self.creation_link(case.inspected.token, status)
        return Markdown(quote(link, safe=":/?&=+,%", errors="replace")) if link else None

    def _first(self, case: Case) -> Markdown | None:
        breaks = [found for f in case.findings if (found := self._break(f, case))]
        return breaks[0] if breaks else None

    def _break(self, finding: Finding, case: Case) -> Markdown | None:
        """Say which job fails first, and when, where that stands still."""
        first = _lasting(finding, case)
        if not first:
            return None
        moment = describe_moment(first) if finding.due_at else f"at its next run{unseen(first)}"
        when = escape.markdown(moment)
        return Markdown(f"{self._job(first.path, first.job)}, {when}")

    def _job(self, path: str, job: str) -> Markdown:
        where = escape.link(path, self.server_url, self.repository, "blob/HEAD", path)
        return Markdown(f"job {code(job)} of {where}")

    def _places(self, case: Case) -> dict[str, object]:
        """Return the places that use the token, those of the first job to break in front."""
        found: dict[Reference, None] = {}
        for finding in case.findings[:1]:
            found |= dict.fromkeys(places(replace(finding, first_break=_lasting(finding, case))))
        for copy in case.copies:
            found |= dict.fromkeys(copy.references)
        used = list(found)
        links = [(self._link(place), place.job) for place in used[:_MOST_PLACES]]
        return {"places": links, "more_places": len(used) - _MOST_PLACES}

    def _link(self, place: Reference) -> Markdown:
        return Markdown(
            escape.link(
                f"{place.path}:{place.line}",
                self.server_url,
                self.repository,
                "blob/HEAD",
                place.path,
                line=place.line,
            )
        )

    def _last_use(self, inspected: Inspected) -> str:
        """Say when the token was last used; a busy token's date would move every day."""
        status = inspected.status
        if status.never_used:
            return "never"
        if status.last_used_at is None:
            return "unknown"
        if self.now - status.last_used_at <= _RECENT:
            return f"within {_RECENT.days} days"
        return format_instant(status.last_used_at)


def _lasting(finding: Finding, case: Case) -> FirstBreak | None:
    """Return the job to name: the first to fail, or one that stays the same from day to day.

    Where nothing is due at a date, the first to fail is counted from today and changes with it.
    """
    first = finding.first_break
    if not first or finding.due_at:
        return first
    uses = [use for copy in case.copies for use in copy.uses if use.triggers]
    if not uses:
        return first
    use = min(uses, key=lambda use: (use.reference.optional, use.path, use.job))
    silent = find_silence(
        uses, path=use.path, job=use.job, missing=finding.rule == "missing-secret"
    )
    return FirstBreak(use.path, use.job, first.at, first.trigger, silent)


def _advise(finding: Finding, case: Case) -> Iterator[str]:
    """Yield what to do about a finding."""
    halt = finding.halt
    if halt is None:
        # Nobody who is to mend a rotation is told to wait for it.
        rotated = not case.by_hand and not any(each.halt for each in case.findings)
        yield Markdown((rotated and _ROTATED.get(finding.rule)) or _ADVICE[finding.rule])
        return
    if halt.hint:
        yield halt.hint[:1].upper() + halt.hint[1:]
    if not halt.operation:
        yield Markdown(_TRY_AGAIN)
        return
    command = "keyturn recover --apply"
    yield Markdown(f"Have it tried again: {code(f'{command} {finding.subject}')}")
    yield Markdown(f"Or give it up: {code(f'{command} --abandon {finding.subject}')}")


def _mention(owner: str) -> Markdown:
    """Return an owner of the configuration as the one thing in an issue that notifies."""
    return Markdown(owner) if _OWNER.fullmatch(owner) else code(owner)


def _cut(words: Sequence[str], most: int, separator: str) -> Markdown:
    shown = [code(word) for word in words[:most]]
    if len(words) > most:
        shown.append(Markdown(f"and {len(words) - most} more"))
    return Markdown(separator.join(shown))
