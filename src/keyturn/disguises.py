"""What a secret's value looks like once something has encoded it, alone or within something longer.

It only writes values down in other ways; it must not keep one, show one, or decide about any.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

_SHORTEST_FRAGMENT = 8
"""A shorter piece of base64 stands in innocent text by chance."""

# What is left as it is: by Python, with and without the slash; by JavaScript's encodeURIComponent
# and encodeURI; by a form (WHATWG, "application/x-www-form-urlencoded percent-encode set").
_UNQUOTED = ("", "/", "!'()*", "!#$&'()*+,/:;=?@", "*")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_QUOTES = (('"', "'"), ("&quot;", "&apos;"), ("&quot;", "&#x27;"), ("&#34;", "&#39;"))
_MARKUP = tuple(
    str.maketrans({**_ENTITIES, '"': double, "'": single}) for double, single in _QUOTES
)
"""How HTML and XML are kept from reading a text."""
_IN_SCRIPTS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""How some writers of JSON keep it out of HTML's way."""


def forms(value: str) -> Iterator[str]:
    """Yield a value, each of its lines, and whatever they are encoded to."""
    lines = (line.strip() for line in value.splitlines())
    for text in dict.fromkeys((value, value.strip(), *lines)):
        yield text
        yield from _alone(text)
        yield from _made_by_runners(text)
        yield from _others(text)


def unknown_to_runners(value: str) -> Iterator[str]:
    """Yield the forms that GitHub's runner does not take out by itself once it knows the value.

    It makes base64, JSON, URL and XML forms (actions/runner, ValueEncoders.cs, read 2026-11). The
    pieces of its base64 end where the value ends, and miss one that something follows.
    """
    yield from dict.fromkeys(
        form for form in _others(value) if form not in {value, *_made_by_runners(value)}
    )


def _made_by_runners(text: str) -> Iterator[str]:
    yield json.dumps(text)[1:-1]
    yield quote(_bytes(text), safe="")
    yield base64.b64encode(_bytes(text)).decode()


def _alone(text: str) -> Iterator[str]:
    """Yield the base64 of a text that nothing stands beside; else a piece would be left of it."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(_bytes(text)).decode()
        yield encoded
        yield encoded.rstrip("=")


def _others(text: str) -> Iterator[str]:
    raw = _bytes(text)
    yield from _fragments(raw)
    yield raw.hex()
    yield raw.hex().upper()
    for unquoted in _UNQUOTED:
        quoted = quote(raw, safe=unquoted)
        for written in (quoted, _with_small_digits(quoted)):
            yield written
            yield written.replace("%20", "+")
    for written in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield written
        yield written.replace("/", "\\/")
        yield written.translate(_IN_SCRIPTS)
    for marks in _MARKUP:
        yield text.translate(marks)


def _fragments(raw: bytes) -> Iterator[str]:
    """Yield what the bytes alone decide of a longer base64: they begin at one of three places."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            encoded = encode(b"\0" * shift + raw).decode()
            # Six bits to a character; one that holds bits of a neighbour is left out.
            first, end = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
            if end - first >= _SHORTEST_FRAGMENT:
                yield encoded[first:end]


def _with_small_digits(quoted: str) -> str:
    parts = quoted.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def _bytes(text: str) -> bytes:
    # The environment can hold bytes that are no characters; they count as they came.
    return text.encode("utf-8", "surrogateescape")
