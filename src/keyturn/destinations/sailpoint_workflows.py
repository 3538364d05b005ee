"""SailPoint workflows: finds the steps that hold a token, and writes a new id and secret there.

It never makes or ends a token, and never writes over a workflow that somebody has changed since.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from keyturn.errors import CredentialRejected, ProviderRefused, ProviderUnavailable, TokenNotFound
from keyturn.interfaces import Access
from keyturn.model import Token
from keyturn.providers._sailpoint_api import WORKFLOWS, Session, open_session
from keyturn.providers._sailpoint_options import Options
from keyturn.providers._sailpoint_workflows import (
    PAIRS,
    Workflow,
    describe_place,
    find_attributes,
    find_steps,
)
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Transport

_WRITES = "the scope sp:workflow:manage, of an administrator"
_BY_HAND = "write the new id and secret into it by hand"


class Outcome(StrEnum):
    """What became of one step."""

    STORED = "stored"
    REFUSED = "refused"
    CHANGED_MEANWHILE = "changed-meanwhile"


@dataclass(frozen=True, slots=True)
class Place:
    """One workflow that holds the token, and its steps that do. The names are others' text."""

    workflow_id: str
    workflow: str
    modified: str | None
    """When the tenant says it was last changed; only compared."""
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one step of a place."""

    workflow_id: str
    workflow: str
    step: str
    state: Outcome
    message: str
    """For a person, without anything that the tenant wrote."""


class SailPointWorkflows:
    """The workflows of the tenant that a declared token belongs to."""

    def __init__(self, transport: Transport, token: Token, access: Access) -> None:
        self._transport = transport
        self._options = Options.model_validate(dict(token.options))
        self._access = access

    def find(self, client_id: str) -> tuple[Place, ...]:
        """Return every workflow that holds the token of this id. Raises ProviderError."""
        return tuple(
            Place(workflow.id, workflow.name, workflow.modified, steps)
            for workflow in self._open().ask_workflows()
            if (steps := find_steps(workflow, client_id))
        )

    def update(
        self, place: Place, *, old_id: str, new_id: str, new_secret: SecretValue
    ) -> tuple[Row, ...]:
        """Write the new id and secret into every step of one workflow; return a row for each.

        Both go in one change of the whole definition, sent once; then it is read back, and the id
        compared: SailPoint shows no secret. Raises CredentialRejected where the credential is
        dead, and ProviderUnavailable where nobody knows whether it was written.
        """
        session = self._open()
        try:
            workflow = session.ask_workflow(place.workflow_id)
        except TokenNotFound:
            return _rows(place, Outcome.CHANGED_MEANWHILE, "the workflow is gone")
        if _holds_new(workflow, place, old_id, new_id):
            return _rows(place, Outcome.STORED, "holds the new id already")
        if workflow.modified != place.modified or find_steps(workflow, old_id) != place.steps:
            message = f"somebody has changed it since it was looked at; {_BY_HAND}"
            return _rows(place, Outcome.CHANGED_MEANWHILE, message)
        if _hides_secrets(workflow, old_id):
            message = (
                "another step's secret is not shown, and writing the definition back would lose"
                f" it; {_BY_HAND}"
            )
            return _rows(place, Outcome.REFUSED, message)
        return self._write(session, place, workflow, old_id, (new_id, new_secret))

    def _write(
        self,
        session: Session,
        place: Place,
        workflow: Workflow,
        old_id: str,
        new: tuple[str, SecretValue],
    ) -> tuple[Row, ...]:
        definition = _replace_pair(workflow, old_id, new)
        change = {"op": "replace", "path": "/definition", "value": definition}
        path = session.path(WORKFLOWS, place.workflow_id)
        try:
            session.act("PATCH", path, needs=_WRITES, patch=[change])
        except TokenNotFound:
            return _rows(place, Outcome.CHANGED_MEANWHILE, "the workflow is gone")
        except (ProviderRefused, CredentialRejected) as error:
            return _rows(place, Outcome.REFUSED, f"{error.told}; {_BY_HAND}")
        after = session.ask_workflow(place.workflow_id)
        if not _holds_new(after, place, old_id, new[0]):
            raise ProviderUnavailable(
                f"{session.host} took the change of a workflow, and does not show it",
                hint="look at the workflow before anything else is done",
            )
        return _rows(place, Outcome.STORED, "holds the new id")

    def _open(self) -> Session:
        # A session of its own each time: what is written depends on what stands there now.
        return open_session(self._transport, self._options, self._access)


class SailPointCopies:
    """The steps of workflows as a rotation's `Copies`: each is a place."""

    def __init__(self, transport: Transport, token: Token, access: Access) -> None:
        self._workflows = SailPointWorkflows(transport, token, access)

    def find(self, token_id: str) -> list[str]:
        """Return every step that holds the token of this id. Raises ProviderError."""
        places = self._workflows.find(token_id)
        return [describe_place(place.workflow, step) for place in places for step in place.steps]

    def write(
        self, *, old_id: str, new_id: str, parts: Mapping[str, SecretValue]
    ) -> dict[str, str]:
        """Write the new pair into every step that holds the old id. Raises ProviderError."""
        rows = [
            row
            for place in self._workflows.find(old_id)
            for row in self._workflows.update(
                place, old_id=old_id, new_id=new_id, new_secret=parts[""]
            )
        ]
        return {
            describe_place(row.workflow, row.step): (
                "" if row.state is Outcome.STORED else row.message
            )
            for row in rows
        }


def _rows(place: Place, state: Outcome, message: str) -> tuple[Row, ...]:
    return tuple(
        Row(place.workflow_id, place.workflow, step, state, message) for step in place.steps
    )


def _holds_new(workflow: Workflow, place: Place, old_id: str, new_id: str) -> bool:
    steps = set(place.steps)
    return steps <= set(find_steps(workflow, new_id)) and not find_steps(workflow, old_id)


def _replace_pair(workflow: Workflow, old_id: str, new: tuple[str, SecretValue]) -> dict[str, Any]:
    """Return the definition with the new id and secret wherever the old id stands."""
    definition = copy.deepcopy(workflow.definition or {})
    for _, attributes in find_attributes(definition):
        for id_key, secret_key in PAIRS:
            if attributes.get(id_key) == old_id:
                attributes[id_key], attributes[secret_key] = new
    return definition


def _hides_secrets(workflow: Workflow, old_id: str) -> bool:
    """Say whether another step has an id and shows nothing that stands for its secret.

    A secret reads back as a reference (`$.secrets.` and an id), which can be written back as it
    is; a blank or a row of asterisks would replace it.
    """
    return any(
        attributes.get(id_key) not in (None, "", old_id)
        and not str(attributes.get(secret_key) or "").strip("*\N{BULLET}")
        for _, attributes in find_attributes(workflow.definition)
        for id_key, secret_key in PAIRS
    )
