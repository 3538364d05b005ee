"""Which secrets an expression reads, which it can do without, and when a condition can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.expressions import can_hold, find_secrets, parse_condition

NEEDED, OPTIONAL = False, True


def found(text: str, *, condition: bool = False) -> list[tuple[str | None, bool]]:
    return [(use.name, use.optional) for use in find_secrets(text, condition=condition)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("${{ secrets.NPM_TOKEN }}", ["NPM_TOKEN"]),
        ("${{secrets.NPM_TOKEN}}", ["NPM_TOKEN"]),
        ("${{\n  secrets\n  .NPM_TOKEN\n}}", ["NPM_TOKEN"]),
        ("${{ SECRETS.npm_Token }}", ["NPM_TOKEN"]),
        ("${{ secrets['npm_token'] }}", ["NPM_TOKEN"]),
        ("${{ secrets [ 'A' ] }}", ["A"]),
        ("${{ secrets.A }}:${{ secrets.B }}@${{ secrets.A }}", ["A", "B", "A"]),
        ("https://${{ secrets.USER }}:${{ github.token }}@host", ["USER"]),
        ("${{ format('{0}', secrets.A) }}", ["A"]),
        ("${{ format('}} {0} it''s', secrets.A) }} ${{ secrets.B }}", ["A", "B"]),
        ("${{ fromJSON(secrets.JSON).key }}", ["JSON"]),
        ("${{ fromJSON(secrets['JSON'])['a'][secrets.B] }}", ["JSON", "B"]),
        ("${{ toJSON(secrets.A) }}", ["A"]),
        ("${{ github.event[secrets.A] }}", ["A"]),
        ("${{ (((secrets.A))) }}", ["A"]),
        ("${{ -1.5 < 0x1F && secrets.A }}", ["A"]),
        ("${{ secrets.my-token }}", ["MY-TOKEN"]),
        ("${{ secrets.A", ["A"]),
        # any secret may be meant
        ("${{ toJSON(secrets) }}", [None]),
        ("${{ secrets }}", [None]),
        ("${{ secrets.* }}", [None]),
        ("${{ secrets[*] }}", [None]),
        ("${{ secrets[matrix.name] }}", [None]),
        ("${{ secrets[format('{0}_TOKEN', matrix.env)] }}", [None]),
        ("${{ secrets[secrets.A] }}", [None, "A"]),
        # refused by GitHub: no name is read out of it
        ('${{ secrets["A"] }}', [None]),
        ("${{ secrets.A $ secrets.B }}", [None, None]),
        ("${{ secrets. }}", [None]),
        ("${{ secrets.'A' }}", [None]),
        ("${{ (secrets.A }}", [None]),
        ("${{ 1.2.3 || secrets.A }}", [None]),
        ("${{ 'open + secrets.A }}", [None]),
        ("${{ " + "(" * 100 + "secrets.A" + ")" * 100 + " }}", [None]),
        ("${{ secrets.A" + " || secrets.A" * 2000 + " }}", [None] * 2001),
        # no use of a stored secret
        ("secrets.A", []),
        ("$" + "{ secrets.A }", []),
        ("${{ }}", []),
        ("${{ 'secrets.A' }}", []),
        ("${{ 'it''s secrets.A' }}", []),
        ("${{ secrets.GITHUB_TOKEN }}", []),
        ("${{ secrets['github_token'] }}", []),
        ("${{ steps.esc-secrets.outputs.A }}", []),
        ("${{ steps.secrets.outputs.A }}", []),
        ("${{ needs.secrets.outputs.A }}", []),
        ("${{ my.secrets.A }}", []),
        ("${{ inputs.secrets }}", []),
        ("${{ inputs['secrets'] }}", []),
        ("${{ secrets-manager.A }}", []),
        ("${{ my_secrets.A }}", []),
        ("${{ github.x }} secrets.A ${{ github.y }}", []),
        ("${{ inputs.secrets + }}", []),
    ],
)
def test_every_form_is_read(text, names):
    assert [use.name for use in find_secrets(text)] == names


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("secrets.A", [("A", NEEDED)]),
        ("secrets.A || secrets.B", [("A", OPTIONAL), ("B", OPTIONAL)]),
        ("secrets.A || secrets.GITHUB_TOKEN", [("A", OPTIONAL)]),
        ("secrets.A || github.token", [("A", OPTIONAL)]),
        ("github.token || secrets.A", [("A", OPTIONAL)]),
        ("secrets.A || secrets.B || github.token", [("A", OPTIONAL), ("B", OPTIONAL)]),
        ("secrets.A || 'anonymous'", [("A", OPTIONAL)]),
        ("secrets.A || ''", [("A", NEEDED)]),
        ("secrets.A || null || false", [("A", NEEDED)]),
        ("inputs.token || secrets.A", [("A", NEEDED)]),
        ("inputs.token || secrets.A || github.token", [("A", OPTIONAL)]),
        ("secrets.A != ''", [("A", OPTIONAL)]),
        ("!secrets.A", [("A", OPTIONAL)]),
        ("!!secrets.A", [("A", OPTIONAL)]),
        ("secrets.A == secrets.B", [("A", OPTIONAL), ("B", OPTIONAL)]),
        ("contains(secrets.A, 'x')", [("A", OPTIONAL)]),
        ("fromJSON(secrets.A) == 1", [("A", NEEDED)]),
        ("format('{0}', secrets.A) || 'x'", [("A", NEEDED)]),
        ("github.ref == 'x' && secrets.A || secrets.B", [("A", NEEDED), ("B", NEEDED)]),
        ("github.ref == 'x' && secrets.A || ''", [("A", NEEDED)]),
        ("secrets.A && 'yes' || 'no'", [("A", OPTIONAL)]),
        ("secrets.A != '' && secrets.A || github.token", [("A", OPTIONAL), ("A", OPTIONAL)]),
        ("case(secrets.A != '', secrets.B, secrets.C)", [("A", True), ("B", False), ("C", False)]),
        ("toJSON(secrets) || 'x'", [(None, NEEDED)]),
    ],
)
def test_what_an_expression_can_do_without(expression, expected):
    assert found("${{ " + expression + " }}") == expected


@pytest.mark.parametrize(
    "text", ["secrets.A", "secrets.A != '' && always()", "${{ secrets.A }}", "${{ !secrets.A }}"]
)
def test_a_condition_only_tests_what_it_reads(text):
    assert found(text, condition=True) == [("A", OPTIONAL)]


def test_the_offset_is_where_the_context_stands():
    text = "a ${{ 'secrets.X' }} ${{ Secrets.A || secrets['B'] }}"
    assert [text[use.offset :][:9] for use in find_secrets(text)] == ["Secrets.A", "secrets['"]


PUSH_ONLY, NOT_PUSH, BOTH = {"push"}, {"schedule"}, {"push", "schedule"}
NONE: set[str] = set()


@pytest.mark.parametrize(
    ("condition", "events"),
    [
        ("", BOTH),
        ("true", BOTH),
        ("false", NONE),
        ("${{ false }}", NONE),
        ("0", NONE),
        ("''", NONE),
        ("null", NONE),
        ("NaN", NONE),
        ("github.event_name == 'push'", PUSH_ONLY),
        ("'PUSH' == GitHub.Event_Name", PUSH_ONLY),
        ("github['event_name'] == 'push'", PUSH_ONLY),
        ("${{ github.event_name == 'push' }}", PUSH_ONLY),
        (" ${{ github.event_name != 'push' }} ", NOT_PUSH),
        ("!(github.event_name == 'push')", NOT_PUSH),
        ("!!(github.event_name == 'push')", PUSH_ONLY),
        ("github.event_name != 'push' && github.ref == 'refs/heads/main'", NOT_PUSH),
        ("always() && github.event_name == 'push'", PUSH_ONLY),
        ("!always()", NONE),
        ("false && github.event_name == 'push'", NONE),
        ("github.event_name == 'push' || github.event_name == 'schedule'", BOTH),
        ("github.event_name == 'push' || github.event_name == 'release'", PUSH_ONLY),
        ("github.event_name == 'push' || inputs.force", BOTH),
        # nothing can be told
        ("contains(fromJSON('[\"push\"]'), github.event_name)", BOTH),
        ("github.event_name == env.EVENT", BOTH),
        ("github.event_name == 1", BOTH),
        ("github.event_name == 'a' == 'b'", BOTH),
        ("${{ false }} && true", BOTH),
        ("${{ false }}${{ false }}", BOTH),
        ("false && (", BOTH),
        ("1e999 > 0", BOTH),
        ("1x", BOTH),
        ("${{ false", BOTH),
    ],
)
def test_when_a_condition_can_hold(condition, events):
    tree = parse_condition(condition)
    assert {event for event in ("push", "schedule") if can_hold(tree, event=event)} == events


@pytest.mark.parametrize(
    ("condition", "here", "anywhere"),
    [
        ("github.repository == 'octo/app'", True, True),
        ("GitHub.Repository == 'Octo/App'", True, True),
        ("github.repository != 'octo/app'", False, True),
        ("github.repository == 'the/original'", False, True),
        ("github.repository_owner == 'octo'", True, True),
        ("github.repository_owner == 'the' && always()", False, True),
        ("github.repository_owner == 'the' || github.event_name == 'push'", True, True),
        ("!(github['repository'] == 'octo/app')", False, True),
        # of the event, not of the repository that runs it
        ("github.event.repository == 'the/original'", True, True),
        ("github.repository_id == '1'", True, True),
        ("github.repository == github.event.pull_request.head.repo.full_name", True, True),
    ],
)
def test_a_condition_knows_the_repository_it_runs_in(condition, here, anywhere):
    tree = parse_condition(condition)
    assert can_hold(tree, event="push", repository="octo/app") is here
    assert can_hold(tree, event="push") is anywhere


SIGNS = [".", "[", "]", "(", ")", "'", "''", "||", "&&", "!", "==", ",", " ", "${{", "}}", "*"]
TERMS = [
    "secrets",
    "A",
    "secrets.A",
    "github.event_name",
    "fromJSON(",
    "1",
    "-",
    "$",
    '"',
    "\n",
    "é",
]
WORDS = st.sampled_from([*SIGNS, *TERMS])


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)), st.booleans())
def test_any_text_can_be_read(text, condition):
    for use in find_secrets(text, condition=condition):
        assert text[use.offset :][:7].lower() == "secrets"
    assert can_hold(parse_condition(text), event="push") in (True, False)


@pytest.mark.parametrize(
    "part", ["(", "!", "'", "${{ ", "secrets.", "a.", "a[", "f(", "a||", "a==", "}", "${{ ' }} "]
)
def test_a_hostile_text_costs_no_more_than_its_length(part):
    text = "${{ secrets.A " + part * 100_000
    for size in (20_000, len(text)):
        assert {use.name for use in find_secrets(text[:size])} <= {"A", None}
        assert can_hold(parse_condition(text[:size]), event="push")
