"""Asking IAM and STS with one access key, and what their refusals mean.

It must not judge what the answers say about a token, and must not keep a secret where a `repr`
could show it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from pydantic import ValidationError

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.providers._answers import Memo, Shape, parse
from keyturn.providers._aws_answers import (
    AccessKey,
    Identity,
    KeyPage,
    LastUsed,
    Made,
    MadeKey,
    Page,
    Refusal,
    User,
    UserPage,
)
from keyturn.providers._aws_options import ASKED_WITH, PAIR, SESSION, Options
from keyturn.providers._aws_signature import Key, canonical_query, sign
from keyturn.providers._aws_xml import read_xml

if TYPE_CHECKING:
    from keyturn.secret_value import SecretValue
    from keyturn.transport import Reply, Transport

_VENDOR = "AWS"
_VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
_WHO = "GetCallerIdentity"
_FORM = "application/x-www-form-urlencoded"
_MAX_PAGES = 500
# AWS: "Signature expired: STAMP is now earlier than STAMP (STAMP - 5 min.)", and "not yet current".
# The stamp in the brackets is the time that it is at AWS.
_CLOCK = re.compile(r"Signature (?:expired|not yet current): .*\((\d{8}T\d{6}Z) [+-] \d+ min", re.A)

# docs.aws.amazon.com, IAM and STS, "Common error types": the code says more than the status.
_UNKNOWN = frozenset({"InvalidClientTokenId", "UnrecognizedClientException"})
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired"})
_LATE = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
_MEANINGS: tuple[tuple[frozenset[str], type[ProviderError], str, str], ...] = (
    (
        _UNKNOWN,
        CredentialRejected,
        "does not know the access key",
        "it was deleted, is inactive, or was made seconds ago; temporary ones need their"
        " `session-token` too",
    ),
    (
        frozenset({"SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken"}),
        CredentialRejected,
        "does not accept the signature",
        "do id and secret belong together, and is `region:` right? two secrets of which only one"
        " was changed look like that",
    ),
    (
        frozenset({"ExpiredToken", "ExpiredTokenException"}),
        CredentialRejected,
        "says that the temporary credentials have expired",
        "ask for new ones in the same job",
    ),
    (
        frozenset({"NoSuchEntity"}),
        TokenNotFound,
        "has no such user or access key",
        "look at `user:` in `with:`, and at whose account the credential is",
    ),
    (
        frozenset({"LimitExceeded"}),
        ProviderRefused,
        "allows no further access key",
        "a user has two at most, inactive ones counted",
    ),
    (
        frozenset({"ValidationError", "InvalidInput", "InvalidParameterValue"}),
        ProviderRefused,
        "does not take what was asked for",
        "temporary credentials need the IAM user as `user:` in `with:`",
    ),
    (
        frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded"}),
        ProviderUnavailable,
        "limits the rate of requests",
        "",
    ),
)

_Shape = TypeVar("_Shape", bound=Shape)
_Page = TypeVar("_Page", bound=Page)


class Session:
    """One key's talk with the account it belongs to; it remembers what it was told in `memo`."""

    def __init__(self, transport: Transport, options: Options, key: Key) -> None:
        self.host = urlsplit(options.url).netloc
        self.memo = Memo()
        self._transport = transport
        self._options = options
        self._key = key

    def is_own(self, token_id: str) -> bool:
        """Say whether it is this very key that signs."""
        return self._key.id.reveal() == token_id

    @property
    def credential(self) -> tuple[SecretValue, ...]:
        """The parts of the key that asks."""
        key = self._key
        return (key.id, key.secret, *([key.session] if key.session else []))

    def ask_identity(self, *, now: datetime) -> Identity | None:
        """Ask whose key it is, for which no right is needed; None where AWS does not know it."""
        reply = self._send("GET", _WHO, {}, now=now, service="sts")
        if reply.status >= 300 and _refusal(reply).code in _UNKNOWN:
            return None
        return self._read(reply, _WHO, Identity, now=now)

    def ask_keys(self, user: str | None, *, now: datetime) -> tuple[AccessKey, ...]:
        """Ask for all keys of a user; without one, of the user whose key signs."""
        pages = self._ask_pages("ListAccessKeys", _named(user), KeyPage, now=now)
        return tuple(row for page in pages for row in page.rows)

    def ask_users(self, *, now: datetime) -> tuple[User, ...]:
        """Ask for all users of the account."""
        pages = self._ask_pages("ListUsers", {}, UserPage, now=now)
        return tuple(row for page in pages for row in page.rows)

    def ask_last_used(self, token_id: str, *, now: datetime) -> LastUsed:
        """Ask when a key was last used, and whose it is."""
        action = "GetAccessKeyLastUsed"
        reply = self._send("GET", action, {"AccessKeyId": token_id}, now=now)
        return self._read(reply, action, LastUsed, now=now)

    def create_key(self, user: str | None, *, now: datetime) -> MadeKey:
        """Make a key. Sent once."""
        action = "CreateAccessKey"
        reply = self._send("POST", action, _named(user), now=now)
        return self._read(reply, action, Made, now=now).key

    def deactivate_key(self, user: str | None, token_id: str, *, now: datetime) -> None:
        """Let AWS take a key no longer. Sent once."""
        self._change("UpdateAccessKey", user, token_id, {"Status": "Inactive"}, now=now)

    def delete_key(self, user: str | None, token_id: str, *, now: datetime) -> None:
        """Delete a key for good. Sent once."""
        self._change("DeleteAccessKey", user, token_id, {}, now=now)

    def _change(
        self,
        action: str,
        user: str | None,
        token_id: str,
        more: Mapping[str, str],
        *,
        now: datetime,
    ) -> None:
        params = {**_named(user), "AccessKeyId": token_id, **more}
        reply = self._send("POST", action, params, now=now)
        if reply.status >= 300:
            raise _refused(reply, action, now=now)
        _content(reply, f"{action}Response")

    def _ask_pages(
        self, action: str, params: Mapping[str, str], shape: type[_Page], *, now: datetime
    ) -> list[_Page]:
        pages: list[_Page] = []
        asked = {**params, "MaxItems": "1000"}
        while len(pages) < _MAX_PAGES:
            page = self._read(self._send("GET", action, asked, now=now), action, shape, now=now)
            pages.append(page)
            if page.is_truncated == "false":
                return pages
            if page.marker is None:
                break
            asked["Marker"] = page.marker
        raise ProviderUnavailable(f"{self.host} gives a list that does not end")

    def _send(
        self,
        method: str,
        action: str,
        params: Mapping[str, str],
        *,
        now: datetime,
        service: str = "iam",
    ) -> Reply:
        """Send one request; what only asks goes as GET, which the transport may try again."""
        base = self._options.sts_url if service == "sts" else self._options.url
        sent = {"Action": action, "Version": _VERSIONS[service], **params}
        form = sent if method == "POST" else None
        url = f"{base}/" if form else f"{base}/?{canonical_query(sent)}"
        headers = sign(
            method,
            url,
            key=self._key,
            region=self._options.region,
            service=service,
            now=now,
            content_type=_FORM if form else "",
            # As the transport writes a form; AWS refuses where it ever differs.
            body=urlencode(form).encode() if form else b"",
        )
        # STS answers in JSON to those who accept it.
        return self._transport.request(
            method, url, headers={**headers, "Accept": "text/xml"}, form=form
        )

    def _read(self, reply: Reply, action: str, shape: type[_Shape], *, now: datetime) -> _Shape:
        """Return the result of an action. Raises ProviderError."""
        if reply.status >= 300:
            raise _refused(reply, action, now=now)
        content = _content(reply, f"{action}Response")
        result = content.get(f"{action}Result") if isinstance(content, dict) else None
        return parse(shape, result, host=reply.host, vendor=_VENDOR)


def open_session(transport: Transport, options: Options, access: Access | None) -> Session:
    """Return a new talk with the account. Raises CredentialRejected where there is no pair."""
    pair = access.find_pair(*PAIR) if access else None
    if access is None or pair is None:
        raise CredentialRejected("no access key to ask AWS with", hint=ASKED_WITH)
    return Session(transport, options, Key(pair[0], pair[1], access.credential.get(SESSION)))


def _named(user: str | None) -> dict[str, str]:
    return {"UserName": user} if user else {}


def _content(reply: Reply, root: str) -> Any:
    try:
        return read_xml(reply.body)[root]
    except (ValueError, KeyError) as error:
        raise ProviderUnavailable(
            f"{reply.host} answers {reply.status} with something that is not XML of {_VENDOR}",
            hint="a proxy, a login page or a maintenance page may stand in between",
        ) from error


def _refusal(reply: Reply) -> Refusal:
    content = _content(reply, "ErrorResponse")
    try:
        return Refusal.model_validate(content.get("Error") if isinstance(content, dict) else None)
    except ValidationError as error:
        raise ProviderUnavailable(f"{reply.host} answers {reply.status}, not saying why") from error


def _refused(reply: Reply, action: str, *, now: datetime) -> ProviderError:
    """Return what a refusal means; nothing was changed then."""
    refusal = _refusal(reply)
    late = _CLOCK.match(refusal.message)
    if late or refusal.code in _LATE:
        return _clock_is_off(reply.host, late[1] if late else "", now=now)
    if refusal.code in _FORBIDDEN:
        service = "sts" if action == _WHO else "iam"
        return CredentialRejected(
            f"{reply.host} does not let the access key do that ({reply.status})",
            hint=f"it needs the permission {service}:{action}",
        )
    for codes, kind, words, hint in _MEANINGS:
        if refusal.code in codes:
            return kind(f"{reply.host} {words} ({reply.status})", hint=hint)
    return ProviderUnavailable(f"{reply.host} answers {reply.status}, which says nothing")


def _clock_is_off(host: str, stamp: str, *, now: datetime) -> ProviderUnavailable:
    off = ""
    with contextlib.suppress(ValueError):
        there = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        minutes = round((now - there).total_seconds() / 60)
        off = f": it is {abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}"
    return ProviderUnavailable(
        f"{host} does not take the time of the request{off}", hint="set this machine's clock"
    )
