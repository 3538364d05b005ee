"""`synoptic`: the data tokens of a Synoptic account, asked about with the account's private key.

A token is its value, which stands in queries: nothing here may show an address. A request without
`list` or `disableToken` makes a token: no question may go without `list`, and each is sent once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from keyturn.errors import (
    CredentialMissing,
    CredentialRejected,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Abilities, Access, ListingProvider, MintingProvider
from keyturn.model import Capability, Evidence, Listed, Minted, Precision, State, Token, TokenStatus
from keyturn.providers._answers import Memo, Shape, parse
from keyturn.schema import BaseUrl, Strict
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Reply, Transport

# developers.synopticdata.com, mesonet/v2/auth (the older reference), 2026-11: so many at most.
_LIST_CAP = 100

_NO_DATES = (
    "Synoptic tells no dates, and its tokens live more than ten years unless an expiry was given"
    " when they were made"
)
_DECLARED = "the date is the configuration's, because Synoptic tells none"
_ASKED_FOR = "the date is the one that was asked for, because Synoptic tells none"
_MISSING = "is not among the account's tokens: disabled, expired, or of another account or key"
_KEY_NEEDED = "name the variable of the account's private key as `credential:`"
_VALUE_NEEDED = "name the variable that holds the token as `value:`"


class Options(Strict):
    """Where the tokens are managed."""

    url: BaseUrl = "https://api.synopticdata.com/auth/v2"
    """The address of the credential service."""


# docs.synopticdata.com, account/data-access-credentials, 2026-11: letters and digits.
_Value = Annotated[str, Field(pattern="^[A-Za-z0-9]+$")]


class _List(Shape):
    """The answer to `list=1`: values, and nothing else."""

    tokens: list[_Value] = Field(alias="TOKENS")


class _Made(Shape):
    """The answer that holds a new token."""

    token: _Value = Field(alias="TOKEN")


@dataclass(frozen=True, slots=True)
class _Account:
    """The credential service, and the private key that opens it."""

    url: str
    key: SecretValue

    @property
    def host(self) -> str:
        """As configured, for messages."""
        return urlsplit(self.url).netloc

    @property
    def mark(self) -> str:
        """What every id begins with that was made with this key."""
        return f"{self._digest('')[:8]}-"

    def id_of(self, value: SecretValue) -> str:
        """Return what stands for a token wherever its value may not.

        It says nothing to those who do not have the private key, and those who have it can list
        the values themselves.
        """
        return self.mark + self._digest(value.reveal())[:16]

    def _digest(self, text: str) -> str:
        key, data = (s.encode("utf-8", "surrogateescape") for s in (self.key.reveal(), text))
        return hmac.digest(key, data, hashlib.sha256).hex()


class Synoptic(ListingProvider, MintingProvider):
    """Asks the credential service of one Synoptic account."""

    name = "synoptic"
    # docs.synopticdata.com, account/token-rotation-guide: less than 60 seconds.
    death_takes: ClassVar[timedelta] = timedelta(seconds=60)
    outlived_by: ClassVar[str] = "for less than a minute the token itself, on some servers"

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._lists = Memo()
        self._memo_key = secrets.token_bytes(32)
        self._makers: set[str] = set()
        """Addresses that made a token when asked for something else."""

    @classmethod
    def options_model(cls) -> type[Options]:
        """Return the model of the `with:` block."""
        return Options

    @classmethod
    def check_declaration(cls, token: Token) -> Sequence[str]:
        """Say what cannot work: no key to ask with, or no value to look for."""
        return tuple(_declaration_problems(token))

    def key_of(self, token: Token, status: TokenStatus) -> str | None:
        """Return the key under which a list shows the token."""
        options = Options.model_validate(dict(token.options))
        return f"{urlsplit(options.url).netloc}/{status.token_id}" if status.token_id else None

    def abilities(self, token: Token, access: Access | None) -> Abilities:
        """Return that the account's private key makes another token, without a name."""
        if access is None or access.own:
            why_not = {Capability.MINT: f"a token of Synoptic makes no other; {_KEY_NEEDED}"}
            return Abilities(why_not=why_not, lists_names=False)
        return Abilities(frozenset({Capability.MINT}), lists_names=False)

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Look for the token's value in the list.

        Raises ProviderError, and CredentialMissing where the value was not given to this run.
        """
        account = _account(token, access)
        token_id = account.id_of(_given_value(token, access))
        listed = self._list(account)
        if token_id in listed:
            return _alive(token, token_id, now=now)
        _check_whole(account, listed)
        return _dead(token, token_id, now=now)

    def list_tokens(
        self, token: Token, access: Access | None, *, now: datetime
    ) -> Sequence[Listed]:
        """Return every token of the account. Raises ProviderError."""
        account = _account(token, access)
        listed = self._list(account)
        _check_whole(account, listed)
        given = access.value.get("") if access else None
        own_id = account.id_of(given) if given else None
        return [
            Listed(f"{account.host}/{token_id}", "", None, status)
            for token_id in listed
            for status in [
                _alive(token, token_id, now=now)
                if token_id == own_id
                else TokenStatus(
                    State.ACTIVE, Precision.UNKNOWN, token_id=token_id, remark=_NO_DATES
                )
            ]
        ]

    def mint(
        self,
        token: Token,
        access: Access | None,
        *,
        like: str | None,
        name: str,
        expires_at: datetime,
        now: datetime,
    ) -> Minted:
        """Make a token with the settings of another; Synoptic gives it no name. Sent once.

        Raises ProviderError, and CredentialMissing where nothing says which token to copy.
        """
        account = _account(token, access)
        wanted = _wanted(account, token, access, token_id=like)
        # Rounded down, so that it never lives longer than was asked for.
        until = expires_at.astimezone(UTC).replace(second=0, microsecond=0)
        if until <= now:
            raise ProviderRefused(
                "a token of Synoptic ends at a whole minute, and the one asked for has passed",
                hint="ask for a later date",
            )
        listed = self._ask_list(account)
        settings = _settings(account, listed, wanted)
        reply = self._change(
            account, {"expire": until.strftime("%Y%m%d%H%M"), "cloneSettings": settings}
        )
        if reply.status == 400:
            raise ProviderRefused(f"{account.host} refuses to make the token (400)")
        made = parse(_Made, _judge(reply).json(), host=account.host, vendor="Synoptic")
        value = SecretValue(made.token)
        token_id = account.id_of(value)
        if token_id in listed:
            raise ProviderUnavailable(f"{account.host} gives a token that there was before")
        status = TokenStatus(
            State.ACTIVE,
            Precision.MINUTE,
            expires_at=until,
            token_id=token_id,
            # What was asked for is the journal's word: Synoptic does not repeat it.
            evidence=Evidence.JOURNAL,
            remark=_ASKED_FOR,
        )
        return Minted({"": value}, status)

    def revoke(
        self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
    ) -> None:
        """Disable a token for good. Sent once.

        Raises ProviderError, and CredentialMissing where nothing says which token is meant.
        """
        account = _account(token, access)
        wanted = _wanted(account, token, access, token_id=token_id)
        listed = self._ask_list(account)
        if wanted not in listed:
            _check_whole(account, listed)
            return
        reply = self._change(account, {"disableToken": listed[wanted]})
        if reply.status == 400:
            # docs.synopticdata.com, account/token-settings, 2026-11.
            raise ProviderRefused(
                f"{account.host} refuses to disable the token (400)",
                hint="take the tag `protected` off it in Synoptic's console",
            )
        self._check_nothing_made(account, _judge(reply), listed)

    def _list(self, account: _Account) -> Mapping[str, SecretValue]:
        # The same key comes as another object for every token; a keyed digest tells.
        key = account.key.reveal().encode("utf-8", "surrogateescape")
        digest = hmac.digest(self._memo_key, key, hashlib.sha256).hex()
        return self._lists.get(f"{account.url} {digest}", lambda: self._ask_list(account))

    def _ask_list(self, account: _Account) -> Mapping[str, SecretValue]:
        """Return the account's live tokens by id."""
        reply = _judge(self._send(account, {"list": 1}))
        self._check_nothing_made(account, reply, ())
        answer = parse(_List, reply.json(), host=account.host, vendor="Synoptic")
        values = [SecretValue(text) for text in answer.tokens]
        return {account.id_of(value): value for value in values}

    def _change(self, account: _Account, params: Mapping[str, str | SecretValue]) -> Reply:
        """Send what changes something; forget what was listed."""
        try:
            return self._send(account, params)
        finally:
            self._lists = Memo()

    def _send(self, account: _Account, params: Mapping[str, str | int | SecretValue]) -> Reply:
        """Send once, questions too: where `list` got lost on the way, each try makes a token."""
        if account.url in self._makers:
            raise _makes_tokens(account)
        # docs.synopticdata.com, account/credential-api, 2026-11: the slash belongs to the address.
        return self.transport.request(
            "GET",
            f"{account.url}/",
            headers={"Authorization": SecretValue(f"Bearer {account.key.reveal()}")},
            params=params,
            once=True,
        )

    def _check_nothing_made(self, account: _Account, reply: Reply, known: Container[str]) -> None:
        """Ask an address nothing more that takes something else for the wish for a token."""
        try:
            made = parse(_Made, reply.json(), host=account.host, vendor="Synoptic")
        except ProviderUnavailable:
            return
        # Masked from here on. What disabling answers is not documented: perhaps its token.
        if account.id_of(SecretValue(made.token)) not in known:
            self._makers.add(account.url)
            raise _makes_tokens(account)


def _declaration_problems(token: Token) -> Iterator[str]:
    if not token.credential_env or token.credential_env == token.value_env:
        yield f"a token of Synoptic cannot ask about itself; {_KEY_NEEDED}"
    if not token.value_env:
        yield f"Synoptic knows a token by nothing but its value; {_VALUE_NEEDED}"
    parts = set(token.credential_env) | set(token.value_env)
    if (parts | {stored.part for stored in token.secrets if stored.part}) - {""}:
        yield "keys and tokens of Synoptic have no parts; write one variable for each"


def _account(token: Token, access: Access | None) -> _Account:
    key = access.credential.get("") if access and not access.own else None
    if key is None:
        raise CredentialRejected("no private key to ask Synoptic with", hint=_KEY_NEEDED)
    return _Account(Options.model_validate(dict(token.options)).url, key)


def _given_value(token: Token, access: Access | None) -> SecretValue:
    value = access.value.get("") if access else None
    if value is None:
        variable = token.value_env.get("")
        raise CredentialMissing(
            "the token's value is not given to this run, and Synoptic knows it by nothing else",
            hint=f"give the step {variable} in its `env:`" if variable else _VALUE_NEEDED,
        )
    return value


def _settings(account: _Account, listed: Mapping[str, SecretValue], token_id: str) -> SecretValue:
    """Return what a new token takes the settings of another from: that one's value."""
    if token_id not in listed:
        _check_whole(account, listed)
        # What a copy of a dead token's settings would allow, Synoptic does not say.
        raise ProviderRefused(
            "the token whose settings were to be copied is dead; none was made",
            hint="make one in Synoptic's console",
        )
    return listed[token_id]


def _wanted(account: _Account, token: Token, access: Access | None, *, token_id: str | None) -> str:
    """Return the id of the token that is meant: the given one, else that of the value."""
    if token_id is None:
        return account.id_of(_given_value(token, access))
    if not token_id.startswith(account.mark):
        raise ProviderRefused(
            "the token's id was made with another private key, and cannot be found with this one",
            hint="give the key that was used before, or disable the token in Synoptic's console",
        )
    return token_id


def _makes_tokens(account: _Account) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"{account.host} made a token when asked for something else; it is not asked again in"
        " this run",
        hint="disable that token in Synoptic's console, and look at `url:` in `with:`",
    )


def _check_whole(account: _Account, listed: Mapping[str, SecretValue]) -> None:
    if len(listed) == _LIST_CAP:
        raise ProviderUnavailable(
            f"{account.host} lists {_LIST_CAP} tokens, which may not be all",
            hint="disable tokens that nobody uses",
        )


def _alive(token: Token, token_id: str, *, now: datetime) -> TokenStatus:
    declared = token.declared_expiry
    # A date that has come while the token lives is no date of the token's.
    known = declared is not None and now < declared
    return TokenStatus(
        State.ACTIVE,
        Precision.MINUTE if known else Precision.UNKNOWN,
        expires_at=declared if known else None,
        token_id=token_id,
        evidence=Evidence.DECLARED if known else Evidence.PROVIDER,
        holds_copy=True,
        remark=_DECLARED if known else _NO_DATES,
    )


def _dead(token: Token, token_id: str, *, now: datetime) -> TokenStatus:
    declared = token.declared_expiry
    if declared is not None and declared <= now:
        return TokenStatus(
            State.EXPIRED,
            Precision.MINUTE,
            expires_at=declared,
            token_id=token_id,
            evidence=Evidence.DECLARED,
            reason="reached its declared date, and is no longer among the account's tokens",
        )
    return TokenStatus(State.REVOKED, Precision.UNKNOWN, token_id=token_id, reason=_MISSING)


def _judge(reply: Reply) -> Reply:
    """Return an answer of 2xx; raise for the rest."""
    if reply.status in (401, 403):
        raise CredentialRejected(
            f"{reply.host} refuses the private key ({reply.status})",
            hint="`credential:` is a private key of the account, not one of its tokens",
        )
    if reply.status == 404:
        raise TokenNotFound(
            f"{reply.host} has no credential service at the configured address",
            hint="look at `url:` in `with:`",
        )
    if reply.status >= 300:
        raise ProviderUnavailable(f"{reply.host} answers {reply.status}, which says nothing")
    return reply
