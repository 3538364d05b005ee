"""What is taken out of a survey, and what stands for things and stays."""

from __future__ import annotations

from dataclasses import replace

from keyturn.model import Halt, Phase
from keyturn.redaction import without_values
from keyturn.secret_value import SecretValue
from tests.issue_samples import STATUS, dead, survey


def test_an_id_is_the_same_to_a_run_that_is_given_it_as_a_value() -> None:
    """AWS calls a token by what is a part of it: two runs write one issue in turn."""
    old, new, before = ("id-" + letter * 16 for letter in "abc")
    for value in (old, new, before):
        SecretValue(value)
    halt = Halt(
        Phase.STUCK, f"look at {old}", "1a2b3c4d", old_id=old, new_id=new, given_up=(before,)
    )
    status = replace(STATUS, token_id=new, owner=old)
    found = without_values(survey(replace(dead(), halt=halt), status=status))
    assert found.findings[0].halt == replace(halt, hint="look at ***")
    told = found.tokens[0].status
    assert (told.token_id, told.owner) == (new, "***")
