"""One token format as its vendor documents it, and how to make a token of it."""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random
from typing import NamedTuple

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
BASE64 = ALNUM + "+/"
URLSAFE = ALNUM + "-_"


class Sample(NamedTuple):
    """How to make one kind of token, and where people keep it."""

    rule: str
    """The rule that is expected to find it."""
    provider: str
    """As people write it: `Fastly`."""
    variable: str
    """The usual environment variable: `FASTLY_API_TOKEN`."""
    host: str
    """The provider's API host, for the settings that show a request."""
    make: Callable[[Random], str]
    source: str
    """Where the vendor documents the format; the table says whether the page was read."""


def draw(random: Random, alphabet: str, length: int) -> str:
    """Return characters that look as a vendor's random generator would give them."""
    return "".join(random.choices(alphabet, k=length))
