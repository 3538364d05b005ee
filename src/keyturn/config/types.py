"""The kinds of value a configuration may hold: names, addresses, globs, shares, cron lines.

Each knows its JSON Schema and what to say about a bad value; none ever quotes the value.
"""

from __future__ import annotations

import re
import warnings
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from keyturn import schema
from keyturn.parse import parse_duration

_OWNER = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_REPOSITORY = r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}"
_SHARE = re.compile(r"([1-9][0-9]?)%")
# Far from the ends of Python's calendar, so that a date less a duration is always a date.
_LONGEST_DURATION = timedelta(days=36_525)
_YEARS = range(2000, 3000)
_LONGEST_CRON = 200
_LONGEST_REGEX = 1000
_OF_THE_RUN = frozenset({"ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "INPUT_TOKEN"})
"""Whoever writes the configuration says where a credential is sent; no secret was meant by these.

actions/runner hands the first two to every container action (ContainerActionHandler.cs, 2026-11).
"""


def _form(pattern: str, *, kind: str, wrong: str) -> Any:
    """Return the metadata of text that has a given form; `wrong` is what to say otherwise."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(wrong)
        return text

    return (
        AfterValidator(check),
        WithJsonSchema({"type": "string", "title": kind, "pattern": f"^({pattern})$"}),
    )


def _checked(check: Callable[[str], str], kind: str, **schema: object) -> Any:
    return (
        AfterValidator(check),
        WithJsonSchema({"type": "string", "title": kind, "minLength": 1, **schema}),
    )


def _bounded(duration: timedelta) -> timedelta:
    if duration > _LONGEST_DURATION:
        raise ValueError("longer than a hundred years; write less")
    return duration


def _of_our_time(instant: datetime) -> datetime:
    if instant.year not in _YEARS:
        raise ValueError("not a date of our time; write one from 2000 on")
    return instant


def parse_lead(value: object) -> timedelta | float:
    """Parse a duration, or a share such as `33%` into a fraction of the lifetime."""
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match:
        return int(match[1]) / 100
    try:
        return _bounded(parse_duration(value))
    except ValueError as error:
        raise ValueError(
            "neither a duration nor a share; write 30d, or 33% of the real lifetime"
        ) from error


def _falling(ladder: list[timedelta]) -> list[timedelta]:
    if any(first <= second for first, second in pairwise(ladder)):
        raise ValueError("the ladder does not fall; write the longest first and none twice")
    return ladder


def _parse_cron(text: str) -> str:
    wrong = 'not a cron line; write five fields, such as "0 2 * * 1-4"'
    if len(text) > _LONGEST_CRON or len(text.split()) != 5:
        raise ValueError(wrong)
    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except (CronSimError, ValueError) as error:
        raise ValueError(wrong) from error
    return text


def _parse_time_zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    # OSError: the name of a folder of the time zone data, or one too long for a file.
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("not a time zone; write an IANA name, such as Europe/Berlin") from error
    return text


def _parse_regex(text: str) -> str:
    if len(text) > _LONGEST_REGEX:
        raise ValueError(f"longer than {_LONGEST_REGEX} characters")
    wrong = "not a regular expression as Python knows them"
    try:
        with warnings.catch_warnings():
            # Python warns of sets that a later version may read differently.
            warnings.simplefilter("ignore", FutureWarning)
            groups = re.compile(text).groups
            wrong = "a regular expression for text only; files are bytes, write no (?u), \\u or \\N"
            re.compile(text.encode())
    # The two others: absurd nesting, absurd counts.
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(wrong) from error
    if groups > 1:
        raise ValueError("more than one group; write (?:...) for those that are not the token")
    return text


def _no_token_of_the_run(name: str) -> str:
    if name in _OF_THE_RUN:
        raise ValueError("a token of the run itself, sent to nobody; name a variable of your own")
    return name


def _parse_text(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("the text is empty")
    return text


def _share_or_duration(kind: str) -> Any:
    pattern = "^([1-9][0-9]{0,5}[mhdw]|[1-9][0-9]?%)$"
    return (
        BeforeValidator(parse_lead),
        WithJsonSchema({"type": "string", "title": kind, "pattern": pattern}),
    )


Duration = Annotated[schema.Duration, AfterValidator(_bounded)]
Instant = Annotated[schema.Instant, AfterValidator(_of_our_time)]
Text = Annotated[str, *_checked(_parse_text, "text")]
Ladder = Annotated[list[Duration], Field(min_length=1), AfterValidator(_falling)]
Lead = Annotated[timedelta | float, *_share_or_duration("duration or share")]
Cron = Annotated[str, *_checked(_parse_cron, "cron line")]
TimeZone = Annotated[str, *_checked(_parse_time_zone, "time zone")]
Regex = Annotated[str, *_checked(_parse_regex, "regular expression", maxLength=_LONGEST_REGEX)]

Id = Annotated[
    str,
    *_form(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        kind="id",
        wrong="not an id; write up to 64 letters, digits, dots, dashes and underscores, "
        "beginning with a letter or digit",
    ),
]
Variable = Annotated[
    str,
    AfterValidator(_no_token_of_the_run),
    *_form(
        rf"(?!({'|'.join(sorted(_OF_THE_RUN))})$)[A-Za-z_][A-Za-z0-9_]*",
        kind="environment variable",
        wrong="not the name of an environment variable; "
        "write the name only, the value belongs in the environment",
    ),
]
SecretName = Annotated[
    str,
    *_form(
        r"(?![Gg][Ii][Tt][Hh][Uu][Bb]_)[A-Za-z_][A-Za-z0-9_]{0,254}",
        kind="secret name",
        wrong="not a name GitHub accepts for a secret; "
        "write letters, digits and underscores, beginning neither with a digit nor with GITHUB_",
    ),
]
Part = Annotated[
    str,
    *_form(
        r"[a-z][a-z0-9-]{0,63}",
        kind="part",
        wrong="not a part of a token; write a name such as client-id",
    ),
]
Organization = Annotated[
    str, *_form(_OWNER, kind="organization", wrong="not an organization; write its name only")
]
Repository = Annotated[
    str,
    *_form(
        f"{_OWNER}/{_REPOSITORY}", kind="owner/name", wrong="not a repository; write owner/name"
    ),
]
RepositoryGlob = Annotated[
    str,
    *_form(
        f"{_OWNER}/[A-Za-z0-9._*?-]{{1,100}}",
        kind="owner/glob",
        wrong="not a repository; write owner/name or owner/*",
    ),
]
Owner = Annotated[
    str,
    *_form(
        f"@{_OWNER}(/[A-Za-z0-9._-]{{1,100}})?",
        kind="owner",
        wrong="neither a person nor a team; write @user or @organization/team",
    ),
]
Label = Annotated[
    str,
    *_form(
        # No control, format or separator characters: C0, C1, bidirectional marks, zero width.
        r"[^,\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,50}",
        kind="label",
        wrong="not a label; write up to 50 characters without a comma",
    ),
]
