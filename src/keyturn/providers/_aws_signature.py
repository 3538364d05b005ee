"""Signs requests to AWS by Signature Version 4, the parts of it that its Query APIs need.

It sends nothing, and neither the secret nor what is derived from it goes anywhere but into the
signature. AWS: IAM User Guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from keyturn.secret_value import SecretValue

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key; with a `session`, a temporary one."""

    id: SecretValue
    secret: SecretValue
    session: SecretValue | None = None


def canonical_query(params: Mapping[str, str]) -> str:
    """Write a query in the one form that is signed; it is sent in the same."""
    encoded = sorted((_encode(name), _encode(value)) for name, value in params.items())
    return "&".join(f"{name}={value}" for name, value in encoded)


def sign(
    method: str,
    url: str,
    *,
    key: Key,
    region: str,
    service: str,
    now: datetime,
    content_type: str = "",
    body: bytes = b"",
) -> dict[str, str | SecretValue]:
    """Return the headers to send along, all of which are signed.

    The address has no path, and its query is a `canonical_query`.
    """
    parts = urlsplit(url)
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers: dict[str, str | SecretValue] = {"host": parts.netloc, "x-amz-date": stamp}
    if content_type:
        headers["content-type"] = content_type
    if key.session:
        headers["x-amz-security-token"] = key.session
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{_text(headers[name])}\n" for name in sorted(headers))
    request = "\n".join((method, "/", parts.query, lines, names, _digest(body)))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, stamp, scope, _digest(_bytes(request))))
    derived = b"AWS4" + _bytes(key.secret.reveal())
    for step in scope.split("/"):
        derived = hmac.digest(derived, step.encode(), hashlib.sha256)
    signature = hmac.digest(derived, to_sign.encode(), hashlib.sha256).hex()
    return headers | {
        "authorization": f"{_ALGORITHM} Credential={key.id.reveal()}/{scope},"
        f" SignedHeaders={names}, Signature={signature}"
    }


def _text(value: str | SecretValue) -> str:
    return value.reveal() if isinstance(value, SecretValue) else value


def _bytes(text: str) -> bytes:
    # The environment can hold bytes that are no characters.
    return text.encode("utf-8", "surrogateescape")


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
