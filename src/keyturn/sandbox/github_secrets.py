"""Secrets over HTTP: every store at every level, written as sealed boxes, never read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keyturn.sandbox.github_api import Call, not_found, paged, refuse, stamp
from keyturn.sandbox.github_objects import minimal_repository
from keyturn.sandbox.github_routes import Routes
from keyturn.sandbox.github_vault import Entry, Vault, share
from keyturn.sandbox.github_world import STORES, Organization, Repository, World
from keyturn.sandbox.server import Response

VISIBILITIES = ("all", "private", "selected")


def add_routes(routes: Routes) -> None:
    """Register everything about secrets."""
    for store in STORES:
        area = "secrets" if store == "actions" else f"{store}_secrets"
        _Collection(f"/{store}/secrets", _repository_vault(store)).add(routes, area)
        _Shared(routes.world, store).add(routes)
    _Collection("/environments/{environment_name}/secrets", _environment_vault).add(
        routes, "environments"
    )
    routes.repository("GET", "/actions/organization-secrets", _shared_with, area="secrets")


def show(entry: Entry) -> dict[str, Any]:
    """Describe a secret: all there is to see of it."""
    return {
        "name": entry.name,
        "created_at": stamp(entry.created_at),
        "updated_at": stamp(entry.updated_at),
    }


def _repository_vault(store: str) -> Callable[..., Vault]:
    return lambda repository: repository.vaults[store]


def _environment_vault(repository: Repository, *, environment_name: str) -> Vault:
    return repository.find_environment(environment_name).vault


def _shared_with(call: Call, repository: Repository) -> Response:
    organization = repository.organization
    shelf = repository.shared_entries(organization.vaults["actions"]) if organization else None
    return paged(call, shelf.listed() if shelf else [], show, member="secrets")


def _store(call: Call, vault: Vault, name: str) -> bool:
    value = None
    if call.has("encrypted_value") or call.has("key_id"):
        value = vault.open(call.text("encrypted_value"), call.text("key_id"))
    return vault.put(name, value, at=call.now)


@dataclass(frozen=True, slots=True)
class _Collection:
    """The collections of a repository and its environments."""

    path: str
    vault: Callable[..., Vault]

    def add(self, routes: Routes, area: str) -> None:
        one = self.path + "/{secret_name}"
        routes.repository("GET", self.path, self.list, area=area)
        routes.repository("GET", self.path + "/public-key", self.key, area=area)
        routes.repository("GET", one, self.get, area=area)
        routes.repository("PUT", one, self.put, area=area)
        routes.repository("DELETE", one, self.delete, area=area)

    def list(self, call: Call, repository: Repository, **scope: str) -> Response:
        return paged(call, self.vault(repository, **scope).listed(), show, member="secrets")

    def key(self, _call: Call, repository: Repository, **scope: str) -> Response:
        vault = self.vault(repository, **scope)
        return Response(200, {"key_id": vault.key_id, "key": vault.public_key})

    def get(
        self, _call: Call, repository: Repository, *, secret_name: str, **scope: str
    ) -> Response:
        return Response(200, show(_entry(self.vault(repository, **scope), secret_name)))

    def put(
        self, call: Call, repository: Repository, *, secret_name: str, **scope: str
    ) -> Response:
        new = _store(call, self.vault(repository, **scope), secret_name)
        return Response(201, {}) if new else Response(204)

    def delete(
        self, _call: Call, repository: Repository, *, secret_name: str, **scope: str
    ) -> Response:
        return _drop(self.vault(repository, **scope), secret_name)


@dataclass(frozen=True, slots=True)
class _Shared:
    """A store of an organization, whose secrets have a visibility."""

    world: World
    store: str

    def add(self, routes: Routes) -> None:
        path = f"/{self.store}/secrets"
        area = "organization_" + ("secrets" if self.store == "actions" else f"{self.store}_secrets")
        one = path + "/{secret_name}"
        chosen = one + "/repositories"
        for method, template, handler in (
            ("GET", path, self.list),
            ("GET", path + "/public-key", self.key),
            ("GET", one, self.get),
            ("PUT", one, self.put),
            ("DELETE", one, self.delete),
            ("GET", chosen, self.selected),
            ("PUT", chosen, self.select),
            ("PUT", chosen + "/{repository_id}", self.include),
            ("DELETE", chosen + "/{repository_id}", self.exclude),
        ):
            routes.organization(method, template, handler, area=area)

    def show(self, call: Call, organization: Organization) -> Callable[[Entry], dict[str, Any]]:
        base = f"{call.base}/orgs/{organization.login}/{self.store}/secrets"
        return lambda entry: show_shared(show(entry), entry, base)

    def list(self, call: Call, organization: Organization) -> Response:
        entries = organization.vaults[self.store].listed()
        return paged(call, entries, self.show(call, organization), member="secrets")

    def key(self, _call: Call, organization: Organization) -> Response:
        vault = organization.vaults[self.store]
        return Response(200, {"key_id": vault.key_id, "key": vault.public_key})

    def get(self, call: Call, organization: Organization, *, secret_name: str) -> Response:
        entry = _entry(organization.vaults[self.store], secret_name)
        return Response(200, self.show(call, organization)(entry))

    def put(self, call: Call, organization: Organization, *, secret_name: str) -> Response:
        visibility = visibility_of(call)
        chosen = chosen_repositories(call, self.world)
        vault = organization.vaults[self.store]
        new = _store(call, vault, secret_name)
        share(_entry(vault, secret_name), visibility, chosen)
        return Response(201, {}) if new else Response(204)

    def delete(self, _call: Call, organization: Organization, *, secret_name: str) -> Response:
        return _drop(organization.vaults[self.store], secret_name)

    def selected(self, call: Call, organization: Organization, *, secret_name: str) -> Response:
        return show_selected(call, self.world, _entry(organization.vaults[self.store], secret_name))

    def select(self, call: Call, organization: Organization, *, secret_name: str) -> Response:
        entry = selectable(_entry(organization.vaults[self.store], secret_name))
        entry.selected = chosen_repositories(call, self.world)
        return Response(204)

    def include(
        self, _call: Call, organization: Organization, *, secret_name: str, repository_id: str
    ) -> Response:
        entry = selectable(_entry(organization.vaults[self.store], secret_name))
        entry.selected.add(int(repository_id))
        return Response(204)

    def exclude(
        self, _call: Call, organization: Organization, *, secret_name: str, repository_id: str
    ) -> Response:
        entry = selectable(_entry(organization.vaults[self.store], secret_name))
        entry.selected.discard(int(repository_id))
        return Response(204)


def show_shared(shown: dict[str, Any], entry: Entry, base: str) -> dict[str, Any]:
    """Add to an entry's description who sees it."""
    shown["visibility"] = entry.visibility
    if entry.visibility == "selected":
        shown["selected_repositories_url"] = f"{base}/{entry.name}/repositories"
    return shown


def visibility_of(call: Call) -> str:
    """Return the body's visibility, without which an organization's entry cannot be written."""
    visibility = call.text("visibility")
    if visibility not in VISIBILITIES:
        raise refuse(422, f'Invalid request.\n\n"visibility" is not one of {VISIBILITIES}.')
    return visibility


def chosen_repositories(call: Call, world: World) -> set[int]:
    """Return the body's repository ids, each of which must be a repository's."""
    ids = call.body.get("selected_repository_ids", [])
    known = {repository.id for repository in world.repositories.values()}
    if not isinstance(ids, list) or not {str(number) for number in ids} <= set(map(str, known)):
        raise refuse(422, 'Invalid request.\n\n"selected_repository_ids" has an unknown one.')
    return {int(number) for number in ids}


def selectable(entry: Entry) -> Entry:
    """Return an entry whose repositories can be chosen, or refuse with 409."""
    if entry.visibility != "selected":
        raise refuse(409, "The visibility is not set to selected.")
    return entry


def show_selected(call: Call, world: World, entry: Entry) -> Response:
    """Answer with the repositories an entry is for."""
    chosen = [
        repository for repository in world.repositories.values() if repository.id in entry.selected
    ]
    return paged(
        call,
        chosen,
        lambda repository: minimal_repository(repository, call.base),
        member="repositories",
    )


def _entry(vault: Vault, name: str) -> Entry:
    found = vault.get(name)
    if not found:
        raise not_found()
    return found


def _drop(vault: Vault, name: str) -> Response:
    if not vault.drop(name):
        raise not_found()
    return Response(204)
