"""PURE: the rule about owners who have left: whom to ask about, and what to say of those gone.

Teams are never asked about. It knows of people what GitHub told, and nothing of dates: an owner
leaves on a day that nobody announces.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from keyturn.model import Finding, Inspected, State
from keyturn.rules import SEVERITIES

OWNER_GONE = "owner-gone"

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def find_people(tokens: Sequence[Inspected], repository: str, *, url: str) -> tuple[str, ...]:
    """Return the logins of all who are named as owners or whose own the tokens are, in order.

    `url`: the API of the GitHub that knows them.
    """
    found: dict[str, str] = {}
    for each in tokens:
        if each.status.state is State.UNKNOWN:
            continue
        for login in (*_named(each, repository).values(), _holder(each, repository, url=url)):
            if login:
                found.setdefault(login.lower(), login)
    return tuple(found[login] for login in sorted(found))


def find_leavers(
    tokens: Sequence[Inspected], repository: str, gone: Collection[str], *, url: str
) -> Iterator[Finding]:
    """Yield a finding for every token with an owner who is gone."""
    left = {login.lower() for login in gone}
    for each in tokens:
        if each.status.state is State.UNKNOWN:
            continue
        named = _named(each, repository)
        absent = [owner for owner, login in named.items() if login.lower() in left]
        holder = _holder(each, repository, url=url)
        clauses = []
        if absent:
            clauses.append(_describe_named(absent, each.token.owners, repository))
        if holder and holder.lower() in left:
            clauses.append(
                f"it belongs to {holder}, {_who(repository)}: what a personal token may do, ends"
                " with what its owner may do"
            )
        if clauses:
            message = "; ".join(clauses)
            yield Finding(OWNER_GONE, SEVERITIES[OWNER_GONE], each.token.id, message)


def _named(inspected: Inspected, repository: str) -> dict[str, str]:
    """Return every owner of the configuration who is a person, with the login."""
    organization = repository.partition("/")[0].lower()  # is no member of itself
    people = {owner: owner.removeprefix("@") for owner in inspected.token.owners}
    return {
        owner: login
        for owner, login in people.items()
        if _LOGIN.fullmatch(login) and login.lower() != organization
    }


def _holder(inspected: Inspected, repository: str, *, url: str) -> str | None:
    """Return whose own a personal token is, where it is for this very organization."""
    token, owner = inspected.token, inspected.status.owner
    if token.provider != "github" or owner is None or not _LOGIN.fullmatch(owner):
        return None
    organization = str(token.options.get("organization") or "")
    here = organization.lower() == repository.partition("/")[0].lower()
    same = str(token.options.get("url")).rstrip("/").lower() == url.rstrip("/").lower()
    return owner if here and same else None


def _describe_named(absent: Sequence[str], owners: Sequence[str], repository: str) -> str:
    rest = [owner for owner in owners if owner not in absent]
    others = f"{', '.join(rest)} is named too" if rest else "nobody else is named"
    if len(rest) > 1:
        others = f"{', '.join(rest)} are named too"
    what = "its owner" if len(absent) == 1 else "its owners"
    return f"names as {what} {', '.join(absent)}, {_who(repository)}; {others}"


def _who(repository: str) -> str:
    organization = repository.partition("/")[0]
    return f"no member of {organization}, with no more rights in {repository} than anybody"
