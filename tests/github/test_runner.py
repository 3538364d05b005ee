from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import KeyturnError, UsageError
from keyturn.github.runner import Runner, arguments, on_default_branch
from keyturn.workflow_commands import command
from tests.systems import needs_links

# --- a small port of the runner's own parsers (actions/runner, read 2026-11) ---


def parse_command(line: str) -> tuple[str, dict[str, str], str] | None:
    """ActionCommand.TryParseV2: name, properties, data."""
    text = line.lstrip()
    if not text.startswith("::"):
        return None
    end = text.find("::", 2)
    if end < 0:
        return None
    name, _, properties = text[2:end].partition(" ")
    pairs = [pair.split("=", 1) for pair in properties.strip().split(",") if "=" in pair]
    return name, {key: unescape(value, ":,") for key, value in pairs}, unescape(text[end + 2 :])


def unescape(text: str, also: str = "") -> str:
    for char in "\r\n" + also + "%":
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def parse_file(text: str) -> dict[str, str]:
    """FileCommandManager: NAME=VALUE, or NAME<<DELIMITER up to that line, newlines complete."""
    values, lines = {}, text.split("\n")
    assert not text or lines.pop() == "", "the file must end with a newline"
    while any(lines):
        line = lines.pop(0)
        if not line:
            continue
        equals, here = line.find("="), line.find("<<")
        assert max(equals, here) >= 0, f"Invalid format {line!r}"
        if equals >= 0 and (here < 0 or equals < here):
            name, value = line.split("=", 1)
        else:
            name, delimiter = line.split("<<", 1)
            assert delimiter
            value = "\n".join(iter(lambda: lines.pop(0), delimiter))
        assert name
        values[name] = value
    return values


# --- the environment ---

FULL = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_API_URL": "https://ghe.example.com/api/v3/",
    "GITHUB_SERVER_URL": "https://ghe.example.com",
    "GITHUB_REPOSITORY": "octo/app",
    "GITHUB_EVENT_NAME": "schedule",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKSPACE": "/github/workspace",
    "RUNNER_DEBUG": "1",
}


def test_the_world_is_read_from_the_runner_s_variables():
    world = Runner.from_environ(FULL)
    assert world.in_actions
    assert world.api_url == "https://ghe.example.com/api/v3"
    assert world.server_url == "https://ghe.example.com"
    assert world.repository == "octo/app"
    assert world.event_name == "schedule"
    assert world.ref == "refs/heads/main"
    assert (world.run_id, world.run_attempt) == (1658821493, 2)
    assert world.workspace == Path("/github/workspace")
    assert world.debug


@pytest.mark.parametrize("environ", [{}, dict.fromkeys(FULL, "")])
def test_outside_actions_the_defaults_hold(environ):
    assert Runner.from_environ(environ) == Runner()
    assert Runner().api_url == "https://api.github.com"
    assert Runner().server_url == "https://github.com"
    assert not Runner().in_actions


@pytest.mark.parametrize("text", ["1" * 5000, "1" * 20, "-1", "\N{SUPERSCRIPT TWO}", "1.5", "x"])
def test_what_is_no_number_of_github_s_is_none(text):
    world = Runner.from_environ({"GITHUB_RUN_ID": text, "GITHUB_RUN_ATTEMPT": text})
    assert (world.run_id, world.run_attempt) == (None, 1)


def event_of(tmp_path: Path, data: bytes) -> Runner:
    file = tmp_path / "event.json"
    file.write_bytes(data)
    return Runner.from_environ({"GITHUB_EVENT_PATH": str(file)})


def test_the_payload_tells_the_default_branch(tmp_path):
    payload = {"repository": {"default_branch": "trunk"}}
    world = event_of(tmp_path, json.dumps(payload).encode())
    assert world.event == payload
    assert world.default_branch == "trunk"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"1" * 5000,
        b'{"a": "' + b"x" * (10 << 20) + b'"}',
    ],
    ids=len,
)
def test_a_payload_that_is_none_is_as_if_empty(tmp_path, data):
    assert event_of(tmp_path, data).event == {}


@pytest.mark.parametrize("repository", [None, [], "x", {}, {"default_branch": 7}])
def test_a_payload_that_does_not_tell_the_branch(tmp_path, repository):
    world = event_of(tmp_path, json.dumps({"repository": repository}).encode())
    assert world.default_branch is None


def test_a_missing_payload_is_empty(tmp_path):
    assert Runner.from_environ({"GITHUB_EVENT_PATH": str(tmp_path)}).event == {}
    assert Runner.from_environ({"GITHUB_EVENT_PATH": str(tmp_path / "no")}).event == {}


@pytest.mark.parametrize(
    ("event", "untrusted"),
    [
        ("pull_request", True),
        ("pull_request_target", True),
        ("issue_comment", True),
        ("workflow_run", True),
        ("push", False),
        ("schedule", False),
        ("workflow_dispatch", False),
        ("", False),
    ],
)
def test_untrusted_events(event, untrusted):
    assert Runner(event_name=event).untrusted_event is untrusted


@pytest.mark.parametrize(
    ("event", "ref", "may"),
    [
        ("schedule", "refs/heads/main", True),
        ("workflow_dispatch", "refs/heads/main", True),
        ("push", "refs/heads/main", True),
        ("push", "refs/pull/1/merge", False),
        ("pull_request", "refs/heads/main", False),
        ("issues", "refs/heads/main", False),
        ("", "refs/heads/main", False),
    ],
)
def test_events_by_which_tokens_may_be_changed(event, ref, may):
    assert Runner(in_actions=True, event_name=event, ref=ref).may_act is may
    assert Runner(event_name=event, ref=ref).may_act is True


@pytest.mark.parametrize(
    ("ref", "branch", "on_it"),
    [
        ("refs/heads/main", "main", True),
        ("refs/heads/release/1", "release/1", True),
        ("refs/heads/main2", "main", False),
        ("refs/tags/main", "main", False),
        ("refs/pull/1/merge", "main", False),
        ("main", "main", False),
        ("", "main", False),
    ],
)
def test_on_default_branch(ref, branch, on_it):
    assert on_default_branch(ref, branch) is on_it


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://localhost:1/api", True),
        ("http://[::1]:9", True),
        ("https://api.github.com", False),
        ("https://localhost.example.com", False),
        ("", False),
        ("http://[", False),
        ("http://localhost:99999", False),
    ],
)
def test_api_on_loopback(url, loopback):
    assert Runner(api_url=url).api_on_loopback is loopback


# --- inputs ---


def inputs(tmp_path: Path | None = None, **given_inputs: str) -> dict[str, str]:
    names = ("command", "config", "token", "dry-run", "fail-on", "issues", "report", "args")
    environ = {f"INPUT_{name.upper()}": "" for name in names}
    environ |= {f"INPUT_{k.replace('_', '-').upper()}": v for k, v in given_inputs.items()}
    return environ | {"GITHUB_WORKSPACE": str(tmp_path or ".")}


@pytest.mark.parametrize(
    ("given_inputs", "argv"),
    [
        ({}, ["check"]),
        ({"command": "config check"}, ["config", "check"]),
        ({"config": "a b.yml"}, ["check", "--config=a b.yml"]),
        ({"config": "--apply"}, ["check", "--config=--apply"]),
        ({"dry_run": "true"}, ["check", "--dry-run"]),
        ({"dry_run": "FALSE"}, ["check"]),
        ({"issues": "True"}, ["check"]),
        ({"issues": "false"}, ["check", "--no-issues"]),
        ({"fail_on": "warning"}, ["check", "--fail-on=warning"]),
        ({"command": "rotate", "issues": "false"}, ["rotate", "--no-issues"]),
        ({"command": "recover", "report": "r.json"}, ["recover", "--output=json=r.json"]),
        ({"command": "revoke", "report": "r.txt"}, ["revoke", "--output=text=r.txt"]),
        ({"command": " config  check\n"}, ["config", "check"]),
        ({"command": "doctor", "dry_run": "true"}, ["doctor"]),
        ({"report": "out.json"}, ["check", "--output=json=out.json"]),
        ({"report": "./a/../b/out.MD"}, ["check", "--output=markdown=b/out.MD"]),
        ({"report": "out.sarif\n"}, ["check", "--output=sarif=out.sarif"]),
        ({"report": "a=b.txt"}, ["check", "--output=text=a=b.txt"]),
        ({"args": "-v --at '2027-01-01 x'"}, ["check", "-v", "--at", "2027-01-01 x"]),
        ({"args": "-v\n--color never\n"}, ["check", "-v", "--color", "never"]),
        ({"token": "not on the command line"}, ["check"]),
        ({"dry_run": "  "}, ["check"]),
    ],
)
def test_inputs_become_flags(tmp_path, given_inputs, argv):
    assert arguments(inputs(tmp_path, **given_inputs)) == argv


def test_without_inputs_it_was_not_started_as_an_action():
    assert arguments({"GITHUB_ACTIONS": "true"}) is None


@pytest.mark.parametrize("word", ["yes", "on", "1", "tRUE", "y", "${{ true }}"])
def test_a_boolean_is_a_word_of_yaml_s_core_schema(tmp_path, word):
    with pytest.raises(UsageError, match="input 'dry-run' is neither true nor false"):
        arguments(inputs(tmp_path, dry_run=word))


@needs_links
@pytest.mark.parametrize(
    "path", ["../out.json", "/etc/out.json", "a/../../out.json", "link/out.json"]
)
def test_a_report_stays_in_the_workspace(tmp_path, path):
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(UsageError, match="'report' leaves the workspace"):
        arguments(inputs(tmp_path, report=path))


@pytest.mark.parametrize("path", ["out", "out.html", "dir/", ".json"])
def test_a_report_s_format_is_its_suffix(tmp_path, path):
    with pytest.raises(UsageError, match=r"ends in one of \.json, \.md, \.sarif, \.txt"):
        arguments(inputs(tmp_path, report=path))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("rotate", "'report': of 'rotate' a file name that ends in one of .json, .txt"),
        ("config check", "'report': 'config check' writes none"),
    ],
)
def test_a_report_that_the_command_does_not_write_is_refused(tmp_path, command, told):
    with pytest.raises(UsageError) as caught:
        arguments(inputs(tmp_path, command=command, report="out.md"))
    assert caught.value.message == f"input {told}"


@pytest.mark.parametrize(
    "command",
    [
        "verify",
        "scan",
        "init",
        "demo",
        "sandbox",
        "explain expiring",
        "config",
        "check --all-tokens",
    ],
)
def test_what_the_action_does_not_do_is_refused(tmp_path, command):
    with pytest.raises(UsageError) as caught:
        arguments(inputs(tmp_path, command=command, dry_run="perhaps"))
    first, second = caught.value.message.splitlines()
    assert first == (
        "input 'command' is one of check, inventory, rotate, recover, revoke, doctor, config check;"
        " flags belong into 'args'"
    )
    assert "'dry-run'" in second


def test_an_absolute_report_inside_the_workspace_is_taken(tmp_path):
    argv = arguments(inputs(tmp_path, report=f"{tmp_path}/x/out.json"))
    assert argv == ["check", "--output=json=x/out.json"]


def test_all_problems_are_told_at_once(tmp_path):
    wrong = inputs(tmp_path, dry_run="maybe", issues="no", report="../x.md", args="'open")
    with pytest.raises(UsageError) as caught:
        arguments(wrong)
    assert [line.split("'")[1] for line in caught.value.message.splitlines()] == [
        "report",
        "dry-run",
        "issues",
        "args",
    ]
    assert "no closing quotation" in caught.value.message


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_args_are_split_as_a_shell_would(words):
    argv = arguments(inputs(args=shlex.join(words)))
    # Inputs are trimmed; a quoted word keeps its own spaces all the same.
    assert argv == ["check", *words]


# --- commands ---

texts = st.text() | st.sampled_from(["%0A", "%25", "::", "a\r\n::error::b", "x,y=z:", "##[x]"])


@given(
    st.sampled_from(["error", "warning", "notice", "add-mask"]),
    texts,
    st.dictionaries(st.sampled_from(["file", "line", "title"]), texts, max_size=3),
)
def test_a_command_reaches_the_runner_as_it_was_meant(name, message, properties):
    line = command(name, message, properties=properties)
    assert "\n" not in line
    assert "\r" not in line
    parsed = parse_command(line)
    assert parsed
    assert (parsed[0], parsed[2]) == (name, message)
    # The runner trims the properties, so blanks at the end of the last one are lost.
    trimmed = {key: value.strip() for key, value in properties.items()}
    assert {key: value.strip() for key, value in parsed[1].items()} == trimmed


def masked(value: str, *, in_actions: bool = True) -> list[str]:
    error, out = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(error), contextlib.redirect_stdout(out):
        Runner(in_actions=in_actions).mask(value)
    assert out.getvalue() == "", "standard output is a pure report"
    lines = error.getvalue().split("\n")
    assert lines.pop() == ""
    parsed = [parse_command(line) for line in lines]
    assert all(found and found[0] == "add-mask" and not found[1] for found in parsed)
    return [found[2] for found in parsed if found]


def test_a_value_of_several_lines_is_masked_whole_and_by_line():
    assert masked("one\r\n  two \n\none\n") == ["one\r\n  two \n\none\n", "one", "two"]
    assert masked("50%0A:x") == ["50%0A:x"]


@given(st.text().filter(str.strip))
def test_any_value_is_masked(value):
    assert masked(value)[0] == value


@pytest.mark.parametrize("value", ["", " ", "\n\t\n"])
def test_blank_is_never_masked(value):
    assert masked(value) == []


def test_outside_actions_a_mask_would_show_the_value():
    assert masked("a value", in_actions=False) == []


def test_annotations_go_to_standard_error_and_only_in_actions(capsys):
    Runner(in_actions=True).annotate(["::error::a", "::notice::b"])
    Runner().annotate(["::error::c"])
    assert capsys.readouterr() == ("", "::error::a\n::notice::b\n")


# --- files ---


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,9}", fullmatch=True), texts, max_size=5))
def test_outputs_reach_the_runner_as_they_were_meant(values):
    # Hypothesis runs one test many times, so `tmp_path` would not be fresh.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "output")
        path.touch()
        Runner(output_file=path).write_outputs(values)
        text = path.read_bytes().decode()
    assert parse_file(text) == values


def test_outputs_are_added_to_what_is_there(tmp_path):
    path = tmp_path / "output"
    path.write_text("a=1\n")
    world = Runner.from_environ({"GITHUB_OUTPUT": str(path)})
    world.write_outputs({"b": "2"})
    world.write_outputs({"c": ""})
    assert parse_file(path.read_text()) == {"a": "1", "b": "2", "c": ""}


def test_the_delimiter_is_new_each_time_and_not_in_the_value(tmp_path, monkeypatch):
    path = tmp_path / "output"
    tokens = iter(["00", "01"])
    monkeypatch.setattr("secrets.token_hex", lambda _size: next(tokens))
    Runner(output_file=path).write_outputs({"a": "keyturn_00"})
    assert path.read_text() == "a<<keyturn_01\nkeyturn_00\nkeyturn_01\n"


def test_what_no_character_is_does_not_stop_the_run(tmp_path):
    path = tmp_path / "output"
    Runner(output_file=path).write_outputs({"a": "x\ud800y"})
    assert parse_file(path.read_text(encoding="utf-8")) == {"a": "x?y"}


def test_without_files_nothing_is_written():
    Runner().write_outputs({"a": "b"})
    Runner().write_summary("# a")


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    world = Runner(output_file=tmp_path / "no" / "set_output_1", summary_file=tmp_path)
    with pytest.raises(KeyturnError, match="the runner's file set_output_1: No such file"):
        world.write_outputs({"a": "b"})
    with pytest.raises(KeyturnError, match=re.escape(f"file {tmp_path.name}: Is a directory")):
        world.write_summary("# a")


LIMIT = 1 << 20
NOTE = "keyturn: the report is too long for this summary; see the log.\n"


@pytest.mark.parametrize(
    ("before", "size", "note"),
    [
        (0, LIMIT, False),
        (0, LIMIT + 1, True),
        (10, LIMIT - 10, False),
        (10, LIMIT - 9, True),
    ],
)
def test_a_summary_is_added_while_there_is_room(tmp_path, before, size, note):
    path = tmp_path / "summary"
    path.write_text("x" * before)
    Runner(summary_file=path).write_summary("é" + "y" * (size - 2))
    written = path.read_bytes()
    assert len(written) <= LIMIT
    assert written[before:].decode() == (NOTE if note else "é" + "y" * (size - 2))


def test_a_full_summary_is_left_alone(tmp_path):
    path = tmp_path / "summary"
    path.write_text("x" * LIMIT)
    Runner(summary_file=path).write_summary("more")
    assert path.stat().st_size == LIMIT


@pytest.mark.parametrize("command", ["rotate", "recover", "revoke"])
def test_a_dry_run_holds_for_whatever_changes_something(command: str) -> None:
    given = {"INPUT_COMMAND": command, "INPUT_DRY-RUN": "true", "INPUT_ARGS": "deploy --apply"}
    assert arguments(given) == [command, "--dry-run", "deploy", "--apply"]
