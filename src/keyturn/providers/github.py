"""`github`: personal tokens, an organization's fine-grained ones, and deploy keys of repositories.

It makes no token, because GitHub has no call for that, and looks into none: of a value only the
prefix is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from keyturn.errors import CredentialRejected, ProviderRefused, TokenNotFound
from keyturn.interfaces import Access, ListingProvider, ValueRevokingProvider
from keyturn.model import Listed, Precision, State, Token, TokenStatus
from keyturn.providers._answers import is_named, parse
from keyturn.providers._github_answers import (
    UNUSED,
    Account,
    DeployKey,
    Grant,
    find_expiry,
    find_policy,
    is_unknown_value,
)
from keyturn.providers._github_api import Api, refusal, said
from keyturn.providers._github_links import creation_link
from keyturn.providers._github_options import (
    GITHUB,
    ONLY_ITSELF,
    RIGHTS,
    Options,
    declaration_problems,
)
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Transport

# GitHub's API description of /credentials/revoke, 2026-11.
_PERSONAL = ("ghp_", "github_pat_")
_INSTALLATION, _REFRESH = "ghs_", "ghr_"
_REVOCABLE = (*_PERSONAL, "gho_", "ghu_", _REFRESH)
# Two tokens of a person cannot have one name: the successor, made by hand, is called by the base
# name, `kt-` and the operation's id, like those that keyturn mints elsewhere.

_Rows: TypeAlias = "tuple[Grant, ...] | tuple[DeployKey, ...]"


class GitHub(ListingProvider, ValueRevokingProvider):
    """Asks GitHub, with a token's own value or with a manager's credential."""

    name = "github"
    outlived_by: ClassVar[str] = (
        "the token itself, which has lost this organization and lives on elsewhere"
    )
    leak_rules: ClassVar[frozenset[str]] = frozenset(
        {
            "github-app-refresh",
            "github-app-user",
            "github-oauth",
            "github-pat-classic",
            "github-pat-fine-grained",
        }
    )

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._api = Api(transport)

    @classmethod
    def options_model(cls) -> type[Options]:
        """Return the model of the `with:` block."""
        return Options

    @classmethod
    def check_declaration(cls, token: Token) -> Sequence[str]:
        """Say what cannot work: nothing to ask with, or nothing to look for."""
        return tuple(declaration_problems(token))

    @classmethod
    def outlives(cls, token: Token) -> str:
        """Return what an organization cannot end; the other kinds leave nothing behind."""
        return cls.outlived_by if token.options.get("kind") == "fine-grained" else ""

    @classmethod
    def creation_link(cls, token: Token, status: TokenStatus) -> str | None:
        """Return the form for a personal token, on github.com only; filled in as GitHub allows."""
        return creation_link(token, status)

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one token. Raises ProviderError."""
        options = Options.model_validate(dict(token.options))
        if options.kind == "personal":
            return self._inspect_self(token, options, _own_value(access), now=now)
        if options.token is None and options.token_id is None:
            raise ProviderRefused("the declaration does not say which token is meant")
        rows = self._rows(options, _manager(options, access))
        found = [
            (status.state is State.ACTIVE, row.token_number, status)
            for row in rows
            if row.token_number == options.token_id or is_named(options.token, row.name)
            for status in [row.status(now=now)]
        ]
        if not found:
            raise TokenNotFound(
                "GitHub lists no such token where the declaration looks",
                hint="it was deleted, has another name, or waits for its approval",
            )
        owners = {status.owner for _, _, status in found}
        if options.kind == "fine-grained" and len(owners) > 1:
            raise ProviderRefused(
                "GitHub lists tokens of this name that belong to several people",
                hint="write `token-id:` in place of `token:`",
            )
        # The one that works, else the newest.
        return max(found, key=lambda item: item[:2])[2]

    def list_tokens(
        self, token: Token, access: Access | None, *, now: datetime
    ) -> Sequence[Listed]:
        """Return every grant of the organization, or every deploy key of the repository."""
        options = Options.model_validate(dict(token.options))
        if options.kind == "personal":
            raise ProviderRefused(
                "GitHub lists nobody's personal tokens",
                hint="an organization's fine-grained ones are shown to a GitHub App",
            )
        return [
            Listed(
                _key(options, str(row.token_number)), options.kind, row.name, row.status(now=now)
            )
            for row in self._rows(options, _manager(options, access))
        ]

    def key_of(self, token: Token, status: TokenStatus) -> str | None:
        """Return the key under which a list shows the token; a personal one stands in none."""
        options = Options.model_validate(dict(token.options))
        return _key(options, status.token_id) if status.token_id else None

    def revoke(
        self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
    ) -> None:
        """End a fine-grained token's grant, delete a deploy key, or hand in a token's value."""
        options = Options.model_validate(dict(token.options))
        if options.kind == "personal":
            self.revoke_values([_own_value(access)], url=options.url)
            return
        if token_id is None:
            raise ProviderRefused("nothing was revoked: it takes the id that GitHub lists")
        secret = _manager(options, access)
        rows = self._rows(options, secret, afresh=True)
        ends = [row.id for row in rows if str(row.token_number) == token_id]
        # What is not listed is dead: a 404 to the act itself could mean a missing right as well.
        if not ends:
            return
        deploy_key = options.kind == "deploy-key"
        self._api.change(
            "DELETE" if deploy_key else "POST",
            options.url,
            f"{options.path}/{ends[0]}",
            secret,
            json=None if deploy_key else {"action": "revoke"},
            hint=RIGHTS[options.kind],
        )

    def revoke_values(self, values: Sequence[SecretValue], *, url: str = GITHUB) -> None:
        """Have GitHub kill tokens by their values, whoever owns them; the owners get a mail.

        Nothing is sent unless all are of a kind that GitHub takes. What is dead already is no
        error. Each batch is sent once; after an error the batches before it have been accepted.
        Raises ProviderError.
        """
        if not all(value.reveal().startswith(_REVOCABLE) for value in values):
            raise ProviderRefused(
                "nothing was revoked: GitHub takes personal, OAuth and user tokens by their values,"
                " and not every value is one",
                hint="an installation token dies by itself within the hour",
            )
        self._api.revoke_values(url, values)

    def _inspect_self(
        self, token: Token, options: Options, secret: SecretValue, *, now: datetime
    ) -> TokenStatus:
        if secret.reveal().startswith(_INSTALLATION):
            raise ProviderRefused(
                "the value is an installation token, which lives for an hour and is not stored",
                hint="declare the App's private key instead, which has no expiry",
            )
        if secret.reveal().startswith(_REFRESH):
            # It opens nothing but the exchange for a new one: a 401 would not mean its death.
            return TokenStatus(
                State.UNKNOWN, reason="is a refresh token, which GitHub tells nothing about"
            )
        paths = ["/user"] + ([f"/orgs/{options.organization}"] if options.organization else [])
        account = expires_at = reason = None
        scopes: tuple[str, ...] = ()
        for path in paths:
            reply = self._api.ask(options.url, path, secret)
            words = said(reply) or {}
            if is_unknown_value(reply, words):
                return _dead(token, reply.host, now=now)
            expires_at = expires_at or find_expiry(reply)
            reason = find_policy(reply, words)
            if reason:
                break
            if reply.status != 200:
                raise refusal(reply, hint=_OTHER_RULES)
            if path == "/user":
                account = parse(Account, reply.json(), host=reply.host, vendor="GitHub")
                scopes = tuple(filter(None, reply.headers.get("x-oauth-scopes", "").split(", ")))
        # GitHub sends the header with what has an expiry; that it is absent means "never" in a
        # good answer only, and to a personal token only.
        never = account is not None and secret.reveal().startswith(_PERSONAL)
        precision = Precision.NEVER if never else Precision.UNKNOWN
        state = State.BLOCKED if reason else State.ACTIVE
        if expires_at is not None:
            precision = Precision.INSTANT
            if expires_at <= now:
                state, reason = State.EXPIRED, f"expired at {expires_at:%Y-%m-%d %H:%M} UTC"
        return TokenStatus(
            state,
            precision,
            expires_at=expires_at,
            scopes=scopes,
            owner=account.login if account else None,
            reason=reason,
            holds_copy=state is State.ACTIVE,
            # Being asked about is a use, so that no date follows from it.
            remark=UNUSED if precision is Precision.NEVER else None,
        )

    def _rows(self, options: Options, secret: SecretValue, *, afresh: bool = False) -> _Rows:
        ask = self._api.ask_rows_afresh if afresh else self._api.ask_rows
        where, hint = (options.url, options.path, secret), RIGHTS[options.kind]
        if options.kind == "deploy-key":
            return ask(*where, DeployKey, hint=hint)
        return ask(*where, Grant, hint=hint)


_OTHER_RULES = (
    "the organization may want the token authorized for its single sign-on, or let only some"
    " addresses in"
)


def _own_value(access: Access | None) -> SecretValue:
    value = access and (access.credential if access.own else access.value).get("")
    if not value:
        raise CredentialRejected(
            ONLY_ITSELF, hint="name the variable of its value as `value:`, and give it to this run"
        )
    return value


def _manager(options: Options, access: Access | None) -> SecretValue:
    secret = access.credential.get("") if access and not access.own else None
    if secret is None:
        raise CredentialRejected("no credential to ask GitHub with", hint=RIGHTS[options.kind])
    return secret


def _dead(token: Token, host: str, *, now: datetime) -> TokenStatus:
    """Say that the value is dead; GitHub does not tell of what (401, "Bad credentials")."""
    if token.declared_expiry is not None and token.declared_expiry <= now:
        reason = f"is refused by {host}, and its declared date has passed"
        return TokenStatus(State.EXPIRED, Precision.UNKNOWN, reason=reason)
    reason = f"is refused by {host} (bad credentials): it has expired, or was revoked or deleted"
    return TokenStatus(State.REVOKED, Precision.UNKNOWN, reason=reason)


def _key(options: Options, token_id: str) -> str:
    # Not an address: a grant is reached by an id of its own.
    return f"{options.url}{options.path.lower()}#{token_id}"
