from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.scan.markers import Marker, marker_for, may_hold_marker
from keyturn.secret_value import SecretValue

RULE = "github-pat-classic"
TOKEN = "gh" + "p_" + "".join(random.Random(3).choices(string.ascii_letters + string.digits, k=36))
BODY = "".join(random.Random(4).choices(string.ascii_letters, k=64))
KEY = f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{BODY}\n{BODY}\n-----END RSA {'PRIVATE'} KEY-----"


def look(text: str, secret: str = TOKEN, rule: str = RULE) -> Marker | None:
    """Ask about the secret, which the text has as §."""
    data = text.replace("§", secret).encode()
    start = data.index(secret.encode())
    marker = marker_for(data, start, start + len(secret), rule)
    assert marker is None or may_hold_marker(data)
    return marker


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (f"x = '§'  # keyturn: allow[{RULE}] a sample", "a sample", 0),
        (f"x = '§'  # keyturn: allow[{RULE}]", "", 0),
        (f"x = '§'  # keyturn:allow[{RULE}] no space", "no space", 0),
        (f"x = '§'  # keyturn: allow[ jwt , {RULE} ] two rules\nnext", "two rules", 0),
        (f"x = '§'  # keyturn: allow[jwt] no keyturn: allow[{RULE}] yes", "yes", 0),
        (f"x = '§';  /* keyturn: allow[{RULE}] in C */ y = 1;", "in C", 0),
        (f"/* keyturn: allow[{RULE}] before */ x = '§';", "before", 0),
        (f"<a>§</a> <!-- keyturn: allow[{RULE}] in XML -->", "in XML", 0),
        (f'{{"t": "§", "//": "keyturn: allow[{RULE}] in JSON"}}', "in JSON", 0),
        (f"first\r\nx = §  ; keyturn: allow[{RULE}] Windows\r\nlast", "Windows", 0),
        (f"# keyturn: allow-next-line[{RULE}] a sample\nx=§\n", "a sample", -1),
        (f"// keyturn: allow-next-line[jwt,{RULE}]\r\nx=§\r\n", "", -1),
        (f'{{\n "//": "keyturn: allow-next-line[{RULE}] in JSON",\n "t": "§"\n}}', "in JSON", -1),
    ],
)
def test_our_marker_allows_the_rules_that_it_names(text: str, reason: str, line: int) -> None:
    marker = look(text)
    assert marker is not None
    assert marker.kind == ("keyturn: allow-next-line" if line else "keyturn: allow")
    assert RULE in marker.rules
    assert (marker.reason, marker.line) == (reason, line)


@pytest.mark.parametrize(
    "text",
    [
        "x = '§'",
        "x = '§'  # keyturn: allow",
        "x = '§'  # keyturn: allow a sample",
        "x = '§'  # keyturn: allow[] a sample",
        "x = '§'  # keyturn: allow[*] a sample",
        "x = '§'  # keyturn: allow[RULE] a sample",
        "x = '§'  # keyturn: allow[github] not the whole name",
        f"x = '§'  # keyturn: allow[{RULE}x]",
        f"x = '§'  # keyturn: allow[{RULE}",
        f"x = '§'  # keyturn: ignore[{RULE}]",
        f"x = '§'  # Keyturn: Allow[{RULE}]",
        f"x = '§'  # my-keyturn: allow[{RULE}]",
        f"x = '§'  # keyturn: allow-next-line[{RULE}] on the line itself",
        f"# keyturn: allow[{RULE}] on the line above\nx = '§'",
        f"x = '§'\n# keyturn: allow[{RULE}] on the line below",
        f"# keyturn: allow-next-line[{RULE}] two above\n\nx = '§'",
        f"x = '§'\n# keyturn: allow-next-line[{RULE}] below",
        "# keyturn: allow-next-line[jwt] of another rule\nx = '§'",
    ],
)
def test_what_is_not_quite_our_marker_allows_nothing(text: str) -> None:
    assert look(text) is None


THEIRS = [
    ("§ # pragma: allowlist secret", "pragma: allowlist secret"),
    ("'§'  #pragma:allowlist secret because", "pragma: allowlist secret"),
    ("§ # pragma: whitelist secret", "pragma: allowlist secret"),
    ("§ # pragma: allowlist-secret", "pragma: allowlist secret"),
    ("§ # pragma: allowlist_secret", "pragma: allowlist secret"),
    ("'§'; // pragma: allowlist secret", "pragma: allowlist secret"),
    ("'§'; /* pragma: allowlist secret */", "pragma: allowlist secret"),
    ("'§' -- pragma: allowlist secret", "pragma: allowlist secret"),
    ('"§" \' pragma: allowlist secret', "pragma: allowlist secret"),
    ("<a>§</a> <!-- pragma: allowlist secret -->", "pragma: allowlist secret"),
    ("§ # gitleaks:allow", "gitleaks:allow"),
    ("gitleaks:allow §", "gitleaks:allow"),
    ("§ # betterleaks:allow", "betterleaks:allow"),
    ("§ // trufflehog:ignore", "trufflehog:ignore"),
    ("§ # kingfisher:ignore", "kingfisher:ignore"),
    ("§ # Kingfisher:Ignore", "kingfisher:ignore"),
    ("§ # kingfisher:allow", "kingfisher:ignore"),
    ("§ # ggignore", "ggignore"),
    ("§ // ggignore: a sample", "ggignore"),
    ("§ // secretlint-disable-line", "secretlint-disable-line"),
    ("§ // secretlint-disable-line @secretlint/secretlint-rule-npm", "secretlint-disable-line"),
]
THEIRS_ABOVE = [
    ("# pragma: allowlist nextline secret\n§", "pragma: allowlist nextline secret"),
    ("  // pragma: allowlist-nextline-secret why\n§", "pragma: allowlist nextline secret"),
    ("<!-- pragma: allowlist nextline secret -->\n§", "pragma: allowlist nextline secret"),
    ("# kingfisher:ignore\n§", "kingfisher:ignore"),
    ("  /* kingfisher:ignore */\r\n§", "kingfisher:ignore"),
    ("// secretlint-disable-next-line\n§", "secretlint-disable-next-line"),
    ("x() // secretlint-disable-next-line -- why\n§", "secretlint-disable-next-line"),
]


@pytest.mark.parametrize(("text", "kind"), THEIRS)
def test_markers_of_others_count_on_their_line_and_not_on_its_neighbours(
    text: str, kind: str
) -> None:
    assert look(text) == Marker(kind)
    assert look(f"first\n{text}\nlast\n") == Marker(kind)
    without = text.replace("§", "x")
    assert look(f"x = §\n{without}") is None
    assert look(f"y = 1 {without}\nx = §") is None


@pytest.mark.parametrize(("text", "kind"), THEIRS_ABOVE)
def test_markers_of_others_above_count_for_the_next_line_only(text: str, kind: str) -> None:
    assert look(text) == Marker(kind, line=-1)
    assert look(f"first\n{text}\n") == Marker(kind, line=-1)
    above = text.split("\n")[0]
    assert look(f"{above}\n\n§") is None
    assert look(f"§\n{above}\n") is None


@pytest.mark.parametrize(
    "text",
    [
        "§ pragma: allowlist secret",
        "§ # pragma: allowlist secrets",
        "§ # pragma: allow secret",
        "§ # Pragma: Allowlist Secret",
        "§ # pragma: allowlist nextline secret",
        "x = 1 # pragma: allowlist nextline secret\n§",
        "# pragma: whitelist nextline secret\n§",
        "§ # gitleaks:allowed",
        "§ # gitleaks: allow",
        "§ # Gitleaks:Allow",
        "§ # mygitleaks:allow",
        "§ # trufflehog:ignored",
        "§ # trufflehog:allow",
        "y = 2  # kingfisher:ignore\n§",
        "§ # kingfisher:ignored",
        "§ # ggignore-start",
        "§ # .ggignore",
        "§ # aggignore",
        "ggignore() { echo §; }",
        "§ // secretlint-disable",
        "§ // secretlint-disable-next-line",
        "// secretlint-disable-line\n§",
        "§ # NOSONAR",
        "§ # nosec",
        "§ # noqa: S105",
        "§ # kics-scan ignore-line",
        "§ # HashiCorpIgnore",
    ],
)
def test_near_misses_and_what_is_meant_for_other_tools_allow_nothing(text: str) -> None:
    assert look(text) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# keyturn: allow-next-line[private-key] of a test\n§\n", -1),
        ('K = """§"""  # keyturn: allow[private-key] of a test', 3),
        ('K = """\n§\n"""  # keyturn: allow[private-key] of a test\n', 4),
        ("k(`\n§\n  `)  // keyturn: allow[private-key] of a test", 4),
    ],
)
@pytest.mark.parametrize("found", [KEY, KEY.split("\n")[0]], ids=["whole", "first line"])
def test_a_value_of_many_lines_has_its_marker_around_it(text: str, line: int, found: str) -> None:
    data = text.replace("§", KEY).encode()
    start = data.index(found.encode())
    marker = marker_for(data, start, start + len(found), "private-key")
    assert marker == Marker(
        "keyturn: allow-next-line" if line < 0 else "keyturn: allow",
        ("private-key",),
        "of a test",
        line,
    )


@pytest.mark.parametrize(
    "text",
    [
        '"""\n§\n"""\nx = 1  # gitleaks:allow',
        "§\nx = 1  # gitleaks:allow",
        "§\n\n)  # gitleaks:allow",
    ],
)
def test_what_follows_a_value_of_many_lines_does_not_allow_it(text: str) -> None:
    assert look(text, KEY, "private-key") is None


def test_a_closing_line_says_nothing_about_a_value_of_one_line() -> None:
    assert look("x = [\n§\n]  # gitleaks:allow") is None


def test_a_key_without_an_end_is_judged_by_its_own_line() -> None:
    header = KEY.split("\n")[0]
    assert look("§  # gitleaks:allow\nabc", header) == Marker("gitleaks:allow")
    assert look("§\nabc  # gitleaks:allow", header) is None


def test_a_marker_inside_the_secret_is_none() -> None:
    assert look("x = §", "abc gitleaks:allow def") is None


def test_a_marker_far_away_on_a_very_long_line_is_not_seen() -> None:
    near, far = "x" * 3000, "x" * 5000
    assert look(f"§ {near} # gitleaks:allow") is not None
    assert look(f"§ {far} # gitleaks:allow") is None
    assert look(f"gitleaks:allow {far} §") is None
    assert look(f"# keyturn: allow-next-line[{RULE}] {far}\n§") is None


def test_the_reason_shows_no_token() -> None:
    other = TOKEN[::-1]
    SecretValue(other)
    marker = look(f"a = § # keyturn: allow[{RULE}] like {other}")
    assert marker is not None
    assert marker.reason == "like ***"
    marker = look(f"# keyturn: allow[{RULE}] this: § and more")
    assert marker is not None
    assert marker.reason == "this:"


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(0, 20), st.integers(1, 20))
def test_any_bytes_around_a_token_are_fine(
    before: bytes, after: bytes, above: int, size: int
) -> None:
    data = before + b"\n" * above + b"k" * size + after
    start = len(before) + above
    marker = marker_for(data, start, start + size, RULE)
    assert marker is None or marker.line >= -1


@given(st.sampled_from([text for text, _ in THEIRS]), st.binary(max_size=100))
def test_a_marker_counts_whatever_stands_on_other_lines(text: str, noise: bytes) -> None:
    line = text.replace("§", TOKEN).encode()
    data = noise + b"\n" + line + b"\n" + noise
    start = data.index(TOKEN.encode())
    assert marker_for(data, start, start + len(TOKEN), RULE) is not None
