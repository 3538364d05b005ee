from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from keyturn.errors import BlockedByPolicy, CredentialRejected, ProviderRefused, TokenNotFound
from keyturn.model import State
from keyturn.sandbox.server import Response
from tests.providers.contract import (
    MintingContract,
    Refusal,
    ReplacingContract,
    RevokingContract,
    Scene,
)
from tests.providers.gitlab_scenes import (
    EXPIRED,
    GONE,
    NARROW,
    GitLabContract,
    deploy_scene,
    manager_scene,
    own_scene,
)


def answered(text: str) -> Response:
    return Response(400, {"message": f"400 Bad request - {text}"})


class _Acting(GitLabContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": Refusal(EXPIRED, CredentialRejected, at="^(POST|DELETE)", act=True),
        "revoked": Refusal(GONE, CredentialRejected, at="^(POST|DELETE)", act=True),
        "insufficient-scope": Refusal(
            NARROW, CredentialRejected, "scope api", at="^(POST|DELETE)", act=True
        ),
        "wrong-kind": Refusal(
            Response(405, {"message": "405 Method Not Allowed"}),
            ProviderRefused,
            at="^(POST|DELETE)",
            act=True,
        ),
        "quota": Refusal(
            answered("Access token limit reached"),
            ProviderRefused,
            "nobody uses",
            at="^(POST|DELETE)",
            act=True,
        ),
        "not-found": Refusal(
            Response(404, {"message": "404 Project Not Found"}), TokenNotFound, at="^G", act=True
        ),
    }


class TestMintsForAProject(_Acting, MintingContract):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene(expires=expires)

    def old_one_lives(self, scene: Scene) -> None:
        assert self.ask(scene).state is State.ACTIVE


class TestMintsAsAnAdministrator(TestMintsForAProject):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene("personal", expires=expires)


class TestMintsForAServiceAccount(TestMintsForAProject):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene("service-account", expires=expires)


class TestMintsADeployToken(TestMintsForAProject):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return deploy_scene(expires=expires)


_CAPPED = Refusal(
    answered("Expiration date must be before 2026-12-22"),
    BlockedByPolicy,
    "365 days",
    at="^POST",
    act=True,
)


class TestReplacesAsAManager(_Acting, ReplacingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {**_Acting.refusals, "quota": _CAPPED}

    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene(expires=expires)


class TestReplacesForAServiceAccount(TestReplacesAsAManager):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene("service-account", expires=expires)


class _Own(_Acting):
    dead_value = State.REVOKED

    def make_scene(self, *, expires: bool = True) -> Scene:
        return own_scene(expires=expires, scopes=("self_rotate",))


class TestReplacesItself(_Own, ReplacingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **_Acting.refusals,
        "insufficient-scope": Refusal(
            NARROW, CredentialRejected, "self_rotate", at="^POST", act=True
        ),
        "quota": _CAPPED,
        "not-found": Refusal(
            Response(404, {"error": "404 Not Found"}), CredentialRejected, at="^GET", act=True
        ),
    }


class TestRevokesAsAManager(_Acting, RevokingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **_Acting.refusals,
        "quota": "nothing is made, so that no quota is met",
        "not-found": "what a place no longer shows is dead, which is what was wanted",
    }

    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene(expires=expires)


class TestRevokesAPersonalToken(TestRevokesAsAManager):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene("personal", expires=expires)


class TestDeletesADeployToken(TestRevokesAsAManager):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return deploy_scene(expires=expires)


class TestRevokesItself(_Own, RevokingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **TestRevokesAsAManager.refusals,
        "expired": "a token that expired is dead, which is what was wanted",
        "revoked": "a token that was revoked is dead, which is what was wanted",
        "insufficient-scope": "any scope may revoke itself, by GitLab's documentation",
    }
