"""`declared`: a token whose provider cannot be asked; the date in keyturn.yml is all there is.

It must not send anything anywhere.
"""

from __future__ import annotations

from datetime import datetime, time

from keyturn.interfaces import Access, Provider
from keyturn.model import Evidence, Precision, State, Token, TokenStatus
from keyturn.schema import Strict


class Options(Strict):
    """There is nothing to set."""


class Declared(Provider):
    """Repeats what the configuration says."""

    name = "declared"

    @classmethod
    def options_model(cls) -> type[Options]:
        """Return the empty model."""
        return Options

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Return the declared date as a status; no credential is needed or looked at."""
        if token.declared_expiry is None:
            never = token.policy.never_expires is not None
            return TokenStatus(
                State.ACTIVE,
                Precision.NEVER if never else Precision.UNKNOWN,
                evidence=Evidence.DECLARED,
            )
        expired = token.declared_expiry <= now
        # A date alone was written where the instant is midnight.
        midnight = token.declared_expiry.time() == time()
        return TokenStatus(
            State.EXPIRED if expired else State.ACTIVE,
            Precision.DAY if midnight else Precision.INSTANT,
            expires_at=token.declared_expiry,
            evidence=Evidence.DECLARED,
            reason="reached its declared date" if expired else None,
        )
