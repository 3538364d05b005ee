"""Any text given to GitHub's runner or to an issue: it arrives whole, and nothing of it is live.

The parsers here are ports of the runner's own, and markdown-it reads what GitHub would.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from fuzz.source import Source, noise
from keyturn.errors import UsageError
from keyturn.github.runner import Runner, arguments
from keyturn.plain import log_safe, plain, said
from keyturn.report import escape
from keyturn.workflow_commands import command

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_LIVE = re.compile(r"[@#]\w|://|\bwww\.|\bgh-\d", re.IGNORECASE)
"""What GitHub links or tells people about, after Markdown is done with."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BEFORE = b"BEFORE<<E\nx\nE\n"
_OURS = "\N{ZERO WIDTH SPACE}"
_PIECES = (
    "::error::x", "::add-mask::x", "##[error]x", " ::", "\r::", "\u2028::", "\x85::", "%0A::",
    "#", "[", "<b>", "<!-- keyturn:end -->", "&lt;", "&#64;", "@alice", "#12", "GH-7",
    "octo/app#3", "a@b.example", "http://e.example/x", "www.e.example", "`", "``", "~~~", "|",
    "\\", "**", "__", "![i](https://e/i)", "- ", "1. ", "> ", "---", "===", "# ", "\n", "\r\n",
    "\t", "    ", "$x$", "[a]: b", "<<E", "E", "=", "keyturn_", "\u202e", "\u200b", "\ud800",
    "\x1b[31m", "\0", "true", "'", '"', "--flag", "é", "x",
)  # fmt: skip
_INPUTS = ("command", "config", "fail-on", "dry-run", "issues", "report", "args")


def seeds() -> Iterator[bytes]:
    """Yield choices of pieces."""
    for number in range(120):
        yield bytes([number % 4]) + noise(number, 32)


def check(data: bytes) -> None:
    """Give a text to the runner's files, to its log, to Markdown, or as the action's inputs."""
    source = Source(data)
    match source.below(4):
        case 0:
            _judge_files({f"name-{number}": _text(source) for number in range(1 + source.below(3))})
        case 1:
            _judge_log(_text(source), _text(source))
        case 2:
            _judge_markdown(_text(source), source.below(256) + 10)
        case _:
            _judge_inputs({name: _text(source) for name in _INPUTS if source.below(2)})


def _text(source: Source) -> str:
    """Return up to eight pieces, some of any characters."""
    return "".join(
        source.text() if source.below(4) == 0 else source.pick(_PIECES)
        for _ in range(source.below(9))
    )


def _judge_files(values: dict[str, str]) -> None:
    sent = {name: value.encode("utf-8", "replace").decode() for name, value in values.items()}
    with tempfile.TemporaryDirectory() as folder:
        output, summary = Path(folder, "output"), Path(folder, "summary")
        for file in (output, summary):
            file.write_bytes(_BEFORE)
        runner = Runner(in_actions=True, output_file=output, summary_file=summary)
        runner.write_outputs(values)
        runner.write_summary("".join(values.values()))
        assert _read_file_command(output.read_bytes().decode()) == {"BEFORE": "x"} | sent
        assert summary.read_bytes() == _BEFORE + "".join(sent.values()).encode()


def _read_file_command(text: str) -> dict[str, str]:
    """Read a file of outputs as the runner does on Linux (FileCommandManager.cs, 2026-11)."""
    assert text.endswith("\n")
    found, lines = {}, iter(text[:-1].split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        assert heredoc > 0, "the line has no name, or no value"
        assert not 0 <= equals < heredoc, "it would be read as NAME=VALUE"
        name, delimiter = line[:heredoc], line[heredoc + 2 :]
        assert delimiter, "the delimiter is missing"
        value = list(iter(lines.__next__, delimiter))
        found[name] = "\n".join(value)
    return found


def _judge_log(text: str, title: str) -> None:
    line = command("error", text, properties={"title": title, "file": title, "line": 1})
    assert len(_lines(line)) == 1
    name, properties, message = _read_command(line)
    assert (name, message) == ("error", text)
    # The runner takes equals signs away from the beginning of a value, and leaves an empty one out.
    kept = title.lstrip("=")
    assert properties == {"line": "1"} | ({"title": kept, "file": kept} if kept else {})
    for shown in (log_safe(text), said(text), escape.code(text)):
        assert all(_find_command(each) is None for each in _lines(shown)), shown
    assert len(_lines(plain(text))) <= 1
    assert not _hidden(plain(text))
    assert not _hidden(said(text).replace("\n", ""))


def _lines(text: str) -> list[str]:
    """Return lines as the runner's reader of a process's output ends them."""
    return re.split(r"\r\n|\n|\r", text)


def _find_command(line: str) -> str | None:
    """Return what the runner would act on (ActionCommand.cs, 2026-11)."""
    trimmed = line.lstrip()
    if trimmed.startswith("::") and trimmed.find("::", 2) >= 0:
        return trimmed
    opened = line.find("##[")
    return line[opened:] if opened >= 0 and line.find("]", opened) >= 0 else None


def _read_command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a command as `TryParseV2` does."""
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, given = line[2:end].partition(" ")
    properties = {}
    for part in given.strip().split(","):
        key, _, value = part.lstrip("=").partition("=")
        if key and value.lstrip("="):
            properties[key] = _unescaped(value.lstrip("="), (":", ","))
    return name, properties, _unescaped(line[end + 2 :], ())


def _unescaped(text: str, also: tuple[str, ...]) -> str:
    for char in ("\r", "\n", *also, "%"):
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def _judge_markdown(text: str, most: int) -> None:
    for document in ("{}", "- {}", "a {} b", "| a | b |\n| --- | --- |\n| {} | x |"):
        _judge_rendered(document.format(escape.markdown(text)), {"text", "softbreak"}, document)
        _judge_rendered(document.format(escape.code(text)), {"text", "code_inline"}, document)
    link = escape.link(text, "https://github.com", "octo/app", "blob/HEAD", text)
    _judge_rendered(link, {"text", "code_inline", "link_open", "link_close"}, "{}")
    (opened,) = [token for token in _inline(link) if token.type == "link_open"]
    assert str(opened.attrs["href"]).startswith("https://github.com/octo/app/blob/HEAD/")
    title = escape.title(text, most=most)
    assert len(title) <= most
    assert not _LIVE.search(title)
    assert not _hidden(title)


def _judge_rendered(document: str, allowed: set[str], template: str) -> None:
    kinds = {token.type for token in _inline(document)}
    assert kinds <= allowed, (kinds, document)
    blocks = {token.type for token in _MARKDOWN.parse(document)}
    expected = {token.type for token in _MARKDOWN.parse(template.format("x"))}
    # An empty text leaves its paragraph out.
    assert blocks <= expected, (blocks - expected, document)
    for token in _inline(document):
        if token.type == "text":
            assert not _LIVE.search(token.content), token.content
            assert not _hidden(token.content), token.content


def _inline(document: str) -> list[Token]:
    return [
        child
        for token in _MARKDOWN.parse(document)
        if token.type == "inline"
        for child in token.children or ()
    ]


def _hidden(text: str) -> bool:
    return any(unicodedata.category(char) in _UNSEEN for char in text if char != _OURS)


def _judge_inputs(given: dict[str, str]) -> None:
    environ = {f"INPUT_{name.upper()}": text for name, text in given.items()}
    environ |= {"INPUT_COMMAND": given.get("command", ""), "GITHUB_WORKSPACE": str(Path.cwd())}
    # No environment holds a null byte.
    environ = {name: text.replace("\0", "") for name, text in environ.items()}
    try:
        words = arguments(environ)
    except UsageError as error:
        assert error.message
        return
    assert words
    assert all(isinstance(word, str) for word in words)
    reports = [word for word in words if word.startswith("--output=")]
    if "args" not in given:
        assert all(".." not in Path(word.partition("=")[2]).parts for word in reports)
