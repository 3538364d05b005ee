"""The sandbox's SailPoint over HTTP: workflows, and the Parameter Storage that a tenant may have.

A plain secret that is written into a step goes to the tenant's store, and a reference stays. No
workflow is ever run.
"""

from __future__ import annotations

import uuid
from typing import Any, TypeAlias

from keyturn.sandbox.sailpoint_answers import Refused, format_instant, show_workflow
from keyturn.sandbox.sailpoint_routes import Routes, patch_operations
from keyturn.sandbox.sailpoint_world import Identity, Jwt, SailPointWorld, Workflow
from keyturn.sandbox.server import Request, Response

_WORKFLOW, _STORAGE = "sp:workflow", "sp:parameter-storage"
_FIELDS = ("name", "owner", "description", "definition", "enabled", "trigger")
_MOST_PARAMETERS = 250
"""In one answer."""
Rows: TypeAlias = list[dict[str, Any]]


class _Workflows:
    """Workflows; `current` is of no interest to them."""

    def __init__(self, world: SailPointWorld) -> None:
        self._world = world

    def list(self, request: Request, jwt: Jwt, current: bool) -> Response:
        return Response(200, [self._show(workflow) for workflow in self._world.workflows])

    def get(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        return Response(200, self._show(self._find(id)))

    def create(self, request: Request, jwt: Jwt, current: bool) -> Response:
        body = request.json
        if not body.get("name") or body.get("enabled"):
            raise Refused(400, "A name is missing, or it is to be enabled at once.")
        assert jwt.user, "the route is open to people only"
        workflow = self._world.add_workflow(body["name"], owner=jwt.user, steps={})
        self._change(workflow, body, jwt.user)
        return Response(200, self._show(workflow))

    def put(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        return self._write(self._find(id), dict(request.json), jwt)

    def patch(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        changes = patch_operations(request)
        if not set(changes) <= set(_FIELDS):
            raise Refused(400, "The field cannot be patched.")
        return self._write(self._find(id), changes, jwt)

    def delete(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        workflow = self._find(id)
        if workflow.enabled:
            raise Refused(400, "Enabled workflows cannot be deleted.")
        self._world.workflows.remove(workflow)
        return Response(204)

    def test(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        self._find(id)
        return Response(200, {"workflowExecutionId": str(uuid.uuid4())})

    def create_trigger_client(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        workflow = self._find(id)
        client = self._world.create_client(
            f"trigger of {workflow.name}", scope=("sp:workflow-execute:external",)
        )
        url = f"{request.base_url}/workflows/v1/execute/external/{workflow.id}"
        return Response(200, {"id": client.id, "secret": client.secret, "url": url})

    def _write(self, workflow: Workflow, body: dict[str, Any], jwt: Jwt) -> Response:
        assert jwt.user, "the route is open to people only"
        if self._world.locks_enabled and workflow.enabled and "definition" in body:
            raise Refused(400, "The workflow is enabled.")
        self._change(workflow, body, jwt.user)
        return Response(200, self._show(workflow))

    def _change(self, workflow: Workflow, body: dict[str, Any], by: Identity) -> None:
        if "definition" in body:
            workflow.definition = self._world.store_secrets(body["definition"])
        if "owner" in body:
            owners = {identity.id: identity for identity in self._world.identities}
            workflow.owner = owners.get(body["owner"].get("id"), workflow.owner)
        for key in ("name", "description", "enabled", "trigger"):
            setattr(workflow, key, body.get(key, getattr(workflow, key)))
        workflow.modified_at = self._world.now
        workflow.modified_by = by

    def _show(self, workflow: Workflow) -> dict[str, Any]:
        return show_workflow(workflow, hides_references=self._world.hides_references)

    def _find(self, id: str) -> Workflow:
        for workflow in self._world.workflows:
            if workflow.id == id:
                return workflow
        raise Refused(404)


class _Parameters:
    """Parameter Storage: what a tenant without it answers is nothing but 404."""

    def __init__(self, world: SailPointWorld) -> None:
        self._world = world

    def list(self, request: Request, jwt: Jwt, current: bool) -> Response:
        start = int(request.query.get("offset", 0))
        limit = int(request.query.get("limit", _MOST_PARAMETERS))
        return Response(200, self._all()[start : start + limit])

    def get(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        return Response(200, self._find(id))

    def create(self, request: Request, jwt: Jwt, current: bool) -> Response:
        body = request.json
        if not all(body.get(key) for key in ("ownerId", "name", "type")):
            raise Refused(400, "A field that is needed is missing.")
        row = {"id": str(uuid.uuid4()), "publicFields": {}, "type": body["type"]}
        self._all().append(row)
        return Response(201, self._change(row, body, jwt))

    def patch(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        is_object = request.headers.get("content-type") == "application/json"
        body = request.json if is_object else patch_operations(request)
        return Response(200, self._change(self._find(id), body, jwt))

    def delete(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        self._all().remove(self._find(id))
        return Response(200)

    def list_references(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        self._find(id)
        return Response(200, [])

    def specify(self, request: Request, jwt: Jwt, current: bool) -> Response:
        self._all()
        return Response(200)

    def attest(self, request: Request, jwt: Jwt, current: bool) -> Response:
        self._all()
        return Response(200, {"attestationDocument": ""})

    def _change(self, row: dict[str, Any], body: dict[str, Any], jwt: Jwt) -> dict[str, Any]:
        assert jwt.user, "the route is open to people only"
        fields = ("ownerId", "name", "publicFields", "description")
        row |= {key: body[key] for key in fields if key in body}
        by = {"At": format_instant(self._world.now), "By": jwt.user.id}
        row |= {f"lastModified{key}": value for key, value in by.items()}
        if "privateFields" in body:
            row |= {f"privateFieldsLastModified{key}": value for key, value in by.items()}
        return row

    def _find(self, id: str) -> dict[str, Any]:
        for row in self._all():
            if row["id"] == id:
                return row
        raise Refused(404)

    def _all(self) -> Rows:
        if not self._world.has_parameter_storage:
            raise Refused(404)
        return self._world.parameters


def add_routes(routes: Routes, world: SailPointWorld) -> None:
    """Register every endpoint of both."""
    _add_workflows(routes, _Workflows(world))
    _add_parameters(routes, _Parameters(world))


def _add_workflows(routes: Routes, api: _Workflows) -> None:
    manage = (f"{_WORKFLOW}:manage",)
    read = (*manage, f"{_WORKFLOW}:read")
    execute = ("sp:workflow-execute:external",)
    routes.add("GET", "workflows", "", api.list, read)
    routes.add("POST", "workflows", "", api.create, manage)
    routes.add("GET", "workflows", "/{id}", api.get, read)
    routes.add("PUT", "workflows", "/{id}", api.put, manage)
    routes.add("PATCH", "workflows", "/{id}", api.patch, manage)
    routes.add("DELETE", "workflows", "/{id}", api.delete, manage)
    routes.add("POST", "workflows", "/{id}/test", api.test, execute, v1_only=True)
    path = "/{id}/external/oauth-clients"
    routes.add("POST", "workflows", path, api.create_trigger_client, manage)


def _add_parameters(routes: Routes, api: _Parameters) -> None:
    manage = (f"{_STORAGE}:manage",)
    read = (*manage, f"{_STORAGE}:read")
    for method, path, handler, scopes in (
        ("GET", "/attestation", api.attest, read),
        ("GET", "/specification", api.specify, read),
        ("GET", "/parameters", api.list, read),
        ("POST", "/parameters", api.create, manage),
        ("GET", "/parameters/{id}", api.get, read),
        ("PATCH", "/parameters/{id}", api.patch, manage),
        ("DELETE", "/parameters/{id}", api.delete, manage),
        ("GET", "/parameters/{id}/references", api.list_references, read),
    ):
        routes.add(method, "parameter-storage", path, handler, scopes, v1_only=True)
