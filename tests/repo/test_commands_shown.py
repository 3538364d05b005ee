"""Every command that a page shows is run, or is said why not; what it shows of the output comes.

Blocks and commands within a sentence run in a real bash; those for which a shell has nothing to do,
in this process. Around them stands `tests/repo/shown`: a checkout, a GitHub and providers.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from keyturn.help_texts import COMMANDS
from tests.commands.test_rotation_guides import GUIDES
from tests.repo import cli_page, test_tutorial
from tests.repo.shown import tables
from tests.repo.shown.commands import Command, commands, is_command, is_shell
from tests.repo.shown.pages import ROOT, Block, Span, blocks, read, spans
from tests.repo.shown.place import Place, make_place
from tests.repo.shown.shell import Done

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the pages show commands for bash")
LEFT_OUT = "…"
FOLLOWED = {f"docs/how-to/rotate-{provider}.md" for provider in GUIDES}
"""Pages whose printed blocks another test runs in their order, `tests/commands`."""
EXAMPLES = {line for told in COMMANDS.values() for line, _ in told.examples}
"""Commands that tests/test_help.py runs; the page of all commands is made of them."""
OF_THE_REPOSITORY = (".venv/bin/", "python ", "python3 ")


def bare(page: str) -> list[str]:
    """Return the commands of a page's blocks, in order."""
    return [c.bare for block in read(page)[0] if is_shell(block) for c in commands(block)]


def is_followed(block: Block) -> bool:
    """Say whether another test runs the block, with all that goes before it on its page."""
    if block.page in FOLLOWED:
        return block.language == "text" and block.text.startswith("$ keyturn ")
    if ROOT / block.page == cli_page.PAGE and {c.bare for c in commands(block)} <= EXAMPLES:
        return True
    # Also a part of the tutorial that stands elsewhere: its commands, in their order.
    tutorial = iter(bare(test_tutorial.PAGE))
    return all(command.bare in tutorial for command in commands(block))


BLOCKS = [block for block in blocks() if is_shell(block) and not is_followed(block)]


def configured(page: str, line: int) -> str:
    """Return what the page has had its reader declare before a line; empty: nothing."""
    found = [
        block.text
        for block in read(page)[0]
        if block.language == "yaml"
        and block.line < line
        and re.search(r"^tokens:", block.text, flags=re.MULTILINE)
    ]
    return found[-1] if found else ""


def _distinct() -> Iterator[Span]:
    """Leave out what is the same command, with the same configuration, somewhere else."""
    seen = {
        (tables.written_out(command.bare), configured(block.page, block.line))
        for block in BLOCKS
        for command in commands(block)
    }
    for span in filter(is_command, spans()):
        key = (tables.written_out(span.text), configured(span.page, span.line))
        if key not in seen:
            seen.add(key)
            yield span


SPANS = [span for span in _distinct() if tables.written_out(span.text) not in tables.NOT_RUN]


def shown_after(block: Block) -> str:
    """Return the text block that follows a block of commands at once: their output."""
    of_page = read(block.page)[0]
    after = next((other for other in of_page if other.line > block.line), None)
    return after.text if after and after.language == "text" and not is_shell(after) else ""


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    with make_place(tmp_path, capsys) as made:
        yield made


def assert_ended(page: str, done: Done, command: str) -> None:
    assert "an error of its own" not in done.said
    assert "Traceback" not in done.said
    assert done.code == tables.ending(page, command), f"{command}\n{done.said}"


def assert_shown(shown: str, done: Done) -> None:
    """All that is shown was printed, in its order, but for where lines are wrapped."""
    printed = " ".join(done.said.split())
    at = 0
    for part in shown.split(LEFT_OUT):
        words = " ".join(part.split())
        found = printed.find(words, at)
        assert found >= 0, f"not printed, or not here:\n{words}\n--- but:\n{printed}"
        at = found + len(words)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_of_commands_works(place: Place, block: Block) -> None:
    if text := configured(block.page, block.line):
        place.configure(text)
    whole = [Command(tables.written_out(c.text), c.shown) for c in commands(block)]
    found = [command for command in whole if command.bare not in tables.NOT_RUN]
    tables.prepare(place, block.page, [command.bare for command in found])
    shown = [command.shown for command in found]
    if shown:
        shown[-1] += shown_after(block)
    for command, done, text in zip(found, run(place, found), shown, strict=True):
        assert_ended(block.page, done, command.bare)
        assert_shown(text, done)


def run(place: Place, found: list[Command]) -> list[Done]:
    """Run commands one after the other, as far as it takes one in a shell."""
    if all(command.is_plain for command in found):
        return [place.run(*shlex.split(command.bare)[1:]) for command in found]
    return place.bash([command.text for command in found])


@pytest.mark.parametrize("span", SPANS, ids=lambda span: f"{span.place}: {span.text}")
def test_a_command_in_a_sentence_works(place: Place, span: Span) -> None:
    text = tables.written_out(span.text)
    if span.text.startswith(OF_THE_REPOSITORY):
        assert_helps(text)
        return
    if before := configured(span.page, span.line):
        place.configure(before)
    tables.prepare(place, span.page, [text])
    (done,) = run(place, [Command(text)])
    assert_ended(span.page, done, text)


def assert_helps(text: str) -> None:
    """Look whether a tool of this repository's environment knows what it is given."""
    tool, *words = shlex.split(text)
    name = Path(tool).name
    program = Path(sys.executable).parent / ("python" if name == "python3" else name)
    flags = [word for word in words if re.match(r"--?[a-z]", word) and word != "-m"]
    before = words[: words.index(flags[0])] if flags else words
    asked = [word for word in before if word != "."]
    told = subprocess.run(
        [program, *asked, "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    missing = [flag for flag in flags if not re.search(rf"(?<![\w-]){flag}\b", told)]
    assert missing == []


def test_the_tutorials_own_test_takes_every_command_of_it() -> None:
    """It reads the page by itself: what it would pass over stands in no other test."""
    page = (ROOT / test_tutorial.PAGE).read_text("utf-8")
    taken = [text for block in test_tutorial.blocks(page) for text in block.commands]
    there = [Command(text).bare for text in taken]
    assert there == bare(test_tutorial.PAGE)


def test_what_is_not_run_is_still_shown() -> None:
    shown = {span.text for span in spans()}
    shown |= {command.bare for block in blocks() if is_shell(block) for command in commands(block)}
    assert set(tables.NOT_RUN) <= shown


def test_a_block_is_taken_apart() -> None:
    text = "a | b  # why\nc |\n  d\ncat <<END\ne |\nEND\n\nf \\\n  g\n"
    (whole,) = [Block("page.md", 1, "sh", text)]
    assert [command.bare for command in commands(whole)] == [
        "a | b",
        "c |\n  d",
        "cat <<END\ne |\nEND",
        "f \\\n  g",
    ]
    asked = Block("page.md", 1, "console", "$ a\n$ b\nshown\nmore\n")
    assert commands(asked) == [Command("a"), Command("b", "shown\nmore\n")]


@pytest.mark.parametrize(
    ("language", "text", "shell"),
    [
        ("sh", "anything", True),
        ("", "make demo\n", True),
        ("text", "$ keyturn rotate\nplan\n", True),
        ("text", "keyturn-scan FILE\n", True),
        ("", "SKIP=keyturn git commit\n", True),
        ("text", "release-gitlab (gitlab): overlap\n", False),
        ("text", "keyturn.yml: good\n", False),
    ],
)
def test_a_block_of_commands_is_told_from_others(language: str, text: str, shell: bool) -> None:
    assert is_shell(Block("page.md", 1, language, text)) is shell


@pytest.mark.parametrize(("shown", "noticed"), [("a\n…\nc d\n", False), ("c d a\n", True)])
def test_what_is_shown_and_not_printed_is_noticed(shown: str, noticed: bool) -> None:
    done = Done("keyturn check", 0, "a\nb\nc\n  d\n", "")
    with pytest.raises(AssertionError) if noticed else nullcontext():
        assert_shown(shown, done)


def test_a_call_that_no_page_describes_is_refused(place: Place) -> None:
    good, bad = place.bash(["gh auth token", "gh secret set NAME --value x"])
    assert (good.code, good.out.strip()) == (0, place.names.given["GITHUB_TOKEN"])
    assert (bad.code, bad.err) == (
        2,
        "gh: no page describes this call: secret set NAME --value x\n",
    )
