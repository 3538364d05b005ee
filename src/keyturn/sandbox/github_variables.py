"""Variables over HTTP, at every level: plain text that can be read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keyturn.sandbox.github_api import Call, not_found, paged, refuse, stamp
from keyturn.sandbox.github_routes import Routes
from keyturn.sandbox.github_secrets import (
    chosen_repositories,
    selectable,
    show_selected,
    show_shared,
    visibility_of,
)
from keyturn.sandbox.github_vault import LARGEST_VARIABLE, Entry, Shelf, check_name, share
from keyturn.sandbox.github_world import Organization, Repository, World
from keyturn.sandbox.server import Response

# GitHub docs, "REST API endpoints for Actions variables", 2026-11: 10 a page, at most 30.
PAGE_SIZES = (10, 30)


def add_routes(routes: Routes) -> None:
    """Register everything about variables."""
    _Collection("/actions/variables", lambda repository: repository.variables).add(
        routes, "variables"
    )
    _Collection("/environments/{environment_name}/variables", _of_environment).add(
        routes, "environments"
    )
    _Shared(routes.world).add(routes)
    routes.repository("GET", "/actions/organization-variables", _shared_with, area="variables")


def show(entry: Entry) -> dict[str, Any]:
    """Describe a variable."""
    return {
        "name": entry.name,
        "value": entry.value,
        "created_at": stamp(entry.created_at),
        "updated_at": stamp(entry.updated_at),
    }


def _of_environment(repository: Repository, *, environment_name: str) -> Shelf:
    return repository.find_environment(environment_name).variables


def _shared_with(call: Call, repository: Repository) -> Response:
    organization = repository.organization
    shelf = repository.shared_entries(organization.variables) if organization else None
    return paged(call, shelf.listed() if shelf else [], show, member="variables", sizes=PAGE_SIZES)


def _find(shelf: Shelf, name: str) -> Entry:
    found = shelf.get(name)
    if not found:
        raise not_found()
    return found


def _create(call: Call, shelf: Shelf) -> Entry:
    name = call.text("name")
    if shelf.get(name):
        raise refuse(409, "Already exists - Variable already exists")
    shelf.put(name, _value(call, ""), at=call.now)
    return _find(shelf, name)


def _update(call: Call, shelf: Shelf, name: str) -> Entry:
    entry = _find(shelf, name)
    new = call.text("name", default=entry.name)
    check_name(new)
    value = _value(call, entry.value)
    if new.upper() != entry.name:
        if shelf.get(new):
            raise refuse(409, "Already exists - Variable already exists")
        shelf.entries[new.upper()] = shelf.entries.pop(entry.name)
        entry.name = new.upper()
    entry.value, entry.updated_at = value, call.now
    return entry


def _value(call: Call, default: str) -> str:
    value = call.text("value", default=default)
    if len(value.encode()) > LARGEST_VARIABLE:
        raise refuse(422, "Value is too long (maximum is 48 KB)")
    return value


def _drop(shelf: Shelf, name: str) -> Response:
    if not shelf.drop(name):
        raise not_found()
    return Response(204)


@dataclass(frozen=True, slots=True)
class _Collection:
    """The variables of a repository or of its environments."""

    path: str
    shelf: Callable[..., Shelf]

    def add(self, routes: Routes, area: str) -> None:
        one = self.path + "/{name}"
        routes.repository("GET", self.path, self.list, area=area)
        routes.repository("POST", self.path, self.create, area=area)
        routes.repository("GET", one, self.get, area=area)
        routes.repository("PATCH", one, self.update, area=area)
        routes.repository("DELETE", one, self.delete, area=area)

    def list(self, call: Call, repository: Repository, **scope: str) -> Response:
        entries = self.shelf(repository, **scope).listed()
        return paged(call, entries, show, member="variables", sizes=PAGE_SIZES)

    def create(self, call: Call, repository: Repository, **scope: str) -> Response:
        _create(call, self.shelf(repository, **scope))
        return Response(201, {})

    def get(self, _call: Call, repository: Repository, *, name: str, **scope: str) -> Response:
        return Response(200, show(_find(self.shelf(repository, **scope), name)))

    def update(self, call: Call, repository: Repository, *, name: str, **scope: str) -> Response:
        _update(call, self.shelf(repository, **scope), name)
        return Response(204)

    def delete(self, _call: Call, repository: Repository, *, name: str, **scope: str) -> Response:
        return _drop(self.shelf(repository, **scope), name)


@dataclass(frozen=True, slots=True)
class _Shared:
    """The variables of an organization, which have a visibility."""

    world: World

    def add(self, routes: Routes) -> None:
        path = "/actions/variables"
        one = path + "/{name}"
        chosen = one + "/repositories"
        for method, template, handler in (
            ("GET", path, self.list),
            ("POST", path, self.create),
            ("GET", one, self.get),
            ("PATCH", one, self.update),
            ("DELETE", one, self.delete),
            ("GET", chosen, self.selected),
            ("PUT", chosen, self.select),
        ):
            routes.organization(method, template, handler, area="organization_variables")

    def show(self, call: Call, organization: Organization) -> Callable[[Entry], dict[str, Any]]:
        base = f"{call.base}/orgs/{organization.login}/actions/variables"
        return lambda entry: show_shared(show(entry), entry, base)

    def list(self, call: Call, organization: Organization) -> Response:
        entries = organization.variables.listed()
        return paged(
            call, entries, self.show(call, organization), member="variables", sizes=PAGE_SIZES
        )

    def create(self, call: Call, organization: Organization) -> Response:
        visibility, chosen = visibility_of(call), chosen_repositories(call, self.world)
        share(_create(call, organization.variables), visibility, chosen)
        return Response(201, {})

    def get(self, call: Call, organization: Organization, *, name: str) -> Response:
        return Response(200, self.show(call, organization)(_find(organization.variables, name)))

    def update(self, call: Call, organization: Organization, *, name: str) -> Response:
        chosen = chosen_repositories(call, self.world)
        visibility = visibility_of(call) if call.has("visibility") else ""
        entry = _update(call, organization.variables, name)
        if visibility:
            share(entry, visibility, chosen)
        return Response(204)

    def delete(self, _call: Call, organization: Organization, *, name: str) -> Response:
        return _drop(organization.variables, name)

    def selected(self, call: Call, organization: Organization, *, name: str) -> Response:
        entry = selectable(_find(organization.variables, name))
        return show_selected(call, self.world, entry)

    def select(self, call: Call, organization: Organization, *, name: str) -> Response:
        entry = selectable(_find(organization.variables, name))
        entry.selected = chosen_repositories(call, self.world)
        return Response(204)
