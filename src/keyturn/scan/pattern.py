"""One row of the table of token formats, and the words that rows are written with.

The fixed characters are the signal. Where a vendor may lengthen its tokens without notice, as
GitHub did with `ghs_` in April 2026, the body is read tolerantly. SailPoint and Synoptic issue
values without any fixed part (32 or 64 hexadecimal digits), which only context can tell.
"""

from __future__ import annotations

from keyturn.scan.record import Record

CHECKSUM = "checksum"
"""A checksum inside the token, which leaves no doubt."""
FIXED = "fixed part"
"""Characters that nothing else begins with."""
STRUCTURE = "embedded structure"
"""Parts that can be decoded, or stand in a fixed order."""
ENTROPY = "entropy"
"""A short fixed part and a body that is evidently random."""
CONTEXT = "context"
"""The provider's name nearby and the name of a secret before the value."""

FORM = "form"
"""A place where a password stands: an address with a user, a header, a file of logins."""
GUESS = "guess"
"""The name of a secret and a random value; no provider."""
OWN = "own"
"""A pattern of the user's own, which is believed."""


class Pattern(Record):
    """One token format."""

    id: str
    """The rule's name in a leak."""
    keywords: tuple[str, ...]
    """Literals, one of which every match holds, case-sensitive. For `CONTEXT`: what the provider
    is called, in any case, near the match. Empty: lower-case base32 of 52 characters."""
    regex: str
    """The token, or in its only group. ASCII, for text and bytes alike, of linear cost; the left
    edge is checked by the engine, the right edge here, by the characters that would go on."""
    proof: str
    """What shows that it is a token of this format."""
    source: str
    """Where the format is documented, and when it was looked up."""
    check: str = ""
    """The name of its checksum in `checksums.CHECKS`."""
    entropy: float = 0
    """Least bits per character behind the prefix; 0: the usual."""
    lead: int = 0
    """How many characters a match may begin before its keyword."""
    reach: int = 1024
    """How many characters behind the keyword's start the match may end."""


ALNUM = "A-Za-z0-9"
WORD = "A-Za-z0-9_"
NAME = "A-Za-z0-9_-"
LOWER = "a-z0-9"
UPPER = "A-Z0-9"
HEX = "a-f0-9"
UUID = "[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}(?![A-Za-z0-9-])"


def run(characters: str, shortest: int, longest: int | None = None) -> str:
    """Return the expression of so many characters, right edge included.

    Without `longest` it is exactly `shortest`.
    """
    many = f"{shortest}" if longest is None else f"{shortest},{longest}"
    return f"[{characters}]{{{many}}}(?![{characters}])"


def mixed(characters: str, shortest: int, longest: int | None = None) -> str:
    """Return `run` of what is no name: with a digit, or capitals as no camel case has them."""
    most = longest or shortest
    capitals = "|[A-Z][a-z]?[A-Z][a-z]?[A-Z]" if characters in (ALNUM, NAME) else ""
    letters = "a-zA-Z_-" if characters == NAME else "a-zA-Z"
    proof = f"(?=[{letters}]{{0,{most}}}?(?:[0-9]{capitals}))"
    if characters == NAME:
        # No constant and no word with hyphens, which may have digits.
        proof += f"(?=[A-Z0-9_-]{{0,{most}}}[a-z])(?=[a-z0-9_-]{{0,{most}}}[A-Z])"
    # Not in the middle of a longer run; `\n` and `%3D` may stand before.
    return "(?<![A-Za-z0-9]{3})" + proof + run(characters, shortest, longest)


def fixed(
    pattern_id: str, prefix: str, body: str, source: str, check: str = "", *, proof: str = FIXED
) -> Pattern:
    """Return the row of a format that begins with its keyword."""
    escaped = prefix.replace(".", r"\.")
    proof = CHECKSUM if check else proof
    return Pattern(pattern_id, (prefix,), escaped + body, proof, source, check)


def context(pattern_id: str, names: str, value: str, source: str, entropy: float = 0) -> Pattern:
    """Return the row of a format that only its surroundings tell; `names` has a space between."""
    return Pattern(pattern_id, tuple(names.split()), value, CONTEXT, source, "", entropy)


def several(
    pattern_id: str, keywords: str, regex: str, source: str, proof: str = FIXED, *, lead: int = 0
) -> Pattern:
    """Return the row of a format that begins with, or holds, one of several literals."""
    return Pattern(pattern_id, tuple(keywords.split()), regex, proof, source, lead=lead)
