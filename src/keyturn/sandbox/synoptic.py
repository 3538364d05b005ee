"""The sandbox's Synoptic: the credential service of accounts and their tokens, on loopback.

Synoptic publishes no machine-readable description, so no conformance test judges it: it is as true
as the pages named below. It must not know anything of keyturn's own view of tokens.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from keyturn.sandbox.server import Clock, Request, Response, Router, Server

PREFIX = "/auth/v2"

# developers.synopticdata.com, mesonet/v2/auth (the older reference), 2026-11.
_MOST_LISTED = 100
_LATEST_DEATH = timedelta(hours=1)
# docs.synopticdata.com, account/token-rotation-guide: "10+ years"; how many is not said.
_DEFAULT_LIFETIME = timedelta(days=20 * 365)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer, known by one private key."""

    key: str


@dataclass(slots=True)
class Token:
    """One token, which is nothing but its value to the outside."""

    value: str
    account: Account
    expires_at: datetime
    settings: tuple[str, ...] = ()
    """What it may be used for, in no form of Synoptic's."""
    protected: bool = False
    """Tagged so: it cannot be disabled."""
    disabled: bool = False


class Synoptic:
    """The service of every account. Call `server.start()` to serve it."""

    def __init__(self, clock: Clock, port: int = 0) -> None:
        self.clock = clock
        self.accounts: list[Account] = []
        self.tokens: list[Token] = []
        self.lateness = timedelta(0)
        """How long after its moment a token dies: up to an hour."""
        router = Router(PREFIX)
        router.add("GET", "/", self._answer)
        # The bodies of refusals are not documented; these are the sandbox's own.
        self.server = Server(router, not_found=_refuse(404, "no such service"), port=port)

    @property
    def url(self) -> str:
        """The address to write as `url:`."""
        return self.server.url

    def add_account(self) -> Account:
        """Add a customer with a private key."""
        # Put together at run time: nothing in the repository may look like a key.
        self.accounts.append(Account("K" + secrets.token_hex(20)))
        return self.accounts[-1]

    def create_token(
        self,
        account: Account,
        *,
        expires_at: datetime | None = None,
        settings: tuple[str, ...] = (),
        protected: bool = False,
    ) -> Token:
        """Issue a token; without `expires_at` it lives as long as Synoptic lets it."""
        until = expires_at or self.clock.now + _DEFAULT_LIFETIME
        self.tokens.append(Token(secrets.token_hex(16), account, until, settings, protected))
        return self.tokens[-1]

    def is_alive(self, token: Token) -> bool:
        """Say whether the token works now."""
        late = min(self.lateness, _LATEST_DEATH)
        return not token.disabled and self.clock.now < token.expires_at + late

    def _answer(self, request: Request) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = bearer or request.query.get("apikey", "")
        account = next((a for a in self.accounts if a.key == key), None)
        if account is None:
            return _refuse(401, "the key is not known")
        if request.query.get("list") == "1":
            values = [t.value for t in self._living(account)]
            return Response(200, {"TOKENS": values[:_MOST_LISTED]})
        if "disableToken" in request.query:
            return self._disable(account, request.query["disableToken"])
        return self._create(account, request)

    def _living(self, account: Account) -> list[Token]:
        return [t for t in self.tokens if t.account == account and self.is_alive(t)]

    def _find(self, account: Account, value: str) -> Token | None:
        return next((t for t in self._living(account) if t.value == value), None)

    def _disable(self, account: Account, value: str) -> Response:
        token = self._find(account, value)
        # That an unknown token is refused, and what a success says, is not documented.
        if token is None:
            return _refuse(400, "no such token")
        # docs.synopticdata.com, account/token-settings, 2026-11.
        if token.protected:
            return _refuse(400, "the token is protected")
        token.disabled = True
        return Response(200, {"STATUS": "disabled"})

    def _create(self, account: Account, request: Request) -> Response:
        expires_at = None
        if "expire" in request.query:
            expires_at = _parse_minute(request.query["expire"])
            if expires_at is None:
                return _refuse(400, "expire is not YYYYmmddHHMM")
        if "cloneSettings" not in request.query:
            return _tell(self.create_token(account, expires_at=expires_at))
        # What happens with a dead token, and to the tag, is not documented: the strictest reading.
        model = self._find(account, request.query["cloneSettings"])
        if model is None:
            return _refuse(400, "cloneSettings names no token")
        return _tell(
            self.create_token(
                account,
                expires_at=expires_at,
                settings=model.settings,
                protected=model.protected,
            )
        )


def _tell(token: Token) -> Response:
    return Response(200, {"TOKEN": token.value})


def _refuse(status: int, message: str) -> Response:
    return Response(status, {"error": message})


def _parse_minute(text: str) -> datetime | None:
    try:
        parsed = datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    # strptime takes "1" for "01".
    return parsed if len(text) == len("YYYYmmddHHMM") else None
