from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from keyturn.report import escape
from tests.report.samples import HOSTILE

SHARP = "@#<>&`*_~|$![](){}\\-+=./:\"'\n\r\t 0123abghwGHW"
hostile = st.one_of(
    st.text(),
    st.text(alphabet=SHARP),
    st.lists(
        st.sampled_from(
            [
                *HOSTILE,
                "@alice", "#12", "GH-7", "octo/app#3", "http://e.example/x", "www.e.example",
                "a@e.example", "`", "``", "|", "<b>", "<!-- keyturn:end -->", "![i](https://e/i)",
                "- ", "1. ", "1) ", "+ ", "# ", "> ", "---", "===", "&lt;", "\\", "$x$", "~~", "**",
            ]
        )
    ).map("".join),
)  # fmt: skip


def is_inert(text: str) -> bool:
    """Nothing that GitHub would turn into a link or a notification, nor a character unseen."""
    live = re.search(r"@\w|#\w|://|\bwww\.|\bgh-\d|<|(?<!&gt);>", text, re.IGNORECASE)
    hidden = {unicodedata.category(char) for char in text} & {"Cc", "Cs", "Zl", "Zp"}
    strange = [c for c in text if unicodedata.category(c) == "Cf" and c != "\N{ZERO WIDTH SPACE}"]
    return not (live or hidden or strange)


def unescaped(text: str) -> str:
    """The Markdown punctuation that no backslash takes the meaning from."""
    return re.sub(r"\\.|[^\\`*_~|$!\[\]{}()<>]", "", text)


@given(hostile)
def test_running_text_is_only_text(text: str) -> None:
    shown = escape.markdown(text)
    assert is_inert(shown)
    assert unescaped(shown) == ""
    assert shown == shown.strip()
    assert not re.match(r"[-+=#>] |[-+=]|\d+[.)]", shown)


@given(hostile)
def test_a_code_span_is_one(text: str) -> None:
    shown = escape.code(text)
    assert re.fullmatch(r"`[^`|<>\r\n]*[^\s`|<>][^`|<>\r\n]*`", shown)
    assert {unicodedata.category(char) for char in shown}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


@given(hostile, st.integers(10, 256))
def test_a_title_is_one_short_line(text: str, most: int) -> None:
    shown = escape.title(text, most=most)
    assert is_inert(shown)
    assert len(shown) <= most
    assert "`" not in shown
    assert shown == " ".join(shown.split())


@given(hostile, hostile, st.none() | st.integers(1, 10**6))
def test_a_link_leads_nowhere_else(text: str, path: str, line: int | None) -> None:
    shown = escape.link(text, "https://github.com", "octo/app", "blob/HEAD", path, line=line)
    match = re.fullmatch(
        r"\[`[^`|<>\r\n]+`\]\(https://github\.com/octo/app/blob/HEAD/[A-Za-z0-9%/._~-]*(#L\d+)?\)",
        shown,
    )
    assert match
    assert bool(match[1]) is bool(line)


@pytest.mark.parametrize("path", ["a]: b.yml", "(]::error::x", "]:", "x][y]:z"])
def test_a_link_is_shown_whatever_its_path_is(path: str) -> None:
    shown = escape.link(path, "https://github.com", "octo/app", "blob/HEAD", path)
    (paragraph,) = [t for t in MarkdownIt("commonmark").parse(shown) if t.type == "inline"]
    assert [child.type for child in paragraph.children or ()][:1] == ["link_open"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("expires 2026-12-01 00:00 UTC", "expires 2026-12-01 00:00 UTC"),
        ("read_api, write", r"read\_api, write"),
        ("ask @alice about #12", "ask @\u200balice about #\u200b12"),
        ("see http://e.example", "see http:\u200b//e.example"),
        ("WWW.e.example gh-3", "WWW\u200b.e.example gh\u200b-3"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a|b", r"a\|b"),
        ("1. first", "1\u200b. first"),
        ("- first", r"\- first"),
        ("two\nlines", "two\\\\nlines"),
        ("\u202ex\u2066", "\\\\u202ex\\\\u2066"),
        ("", ""),
    ],
)
def test_running_text_stays_readable(text: str, shown: str) -> None:
    assert escape.markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("publish", "`publish`"),
        ("@alice", "`@alice`"),
        ("a`b|c", "`a\u02cbb\u00a6c`"),
        ("<!-- x -->", "`\u2039!-- x --\u203a`"),
        ("", "`(empty)`"),
        ("  ", "`(empty)`"),
        ("a\nb", r"`a\nb`"),
    ],
)
def test_code_stays_readable(text: str, shown: str) -> None:
    assert escape.code(text) == shown


def test_a_long_title_is_cut() -> None:
    assert escape.title("x" * 300) == "x" * 255 + "…"
    assert escape.title("x" * 256) == "x" * 256
