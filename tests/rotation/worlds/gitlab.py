"""GitLab's kinds of tokens, each with a manager beside it, or with its own value alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from keyturn.sandbox.gitlab_world import Token
from tests.rotation.worlds.base import ENDS, MADE, Issued, World

_ROTATE = re.compile(r"/access_tokens/(\d+|self)/rotate$")


class GitLab(World):
    """A project's access token, and a manager beside it."""

    provider = "gitlab"
    server = "gitlab"
    kind: ClassVar[str] = "project"
    ends: ClassVar[date] = ENDS

    def fill(self) -> Issued:
        gitlab = self.box.gitlab
        gitlab.add_project(42, "acme/tools")
        gitlab.add_group(7, "acme")
        self.manager = gitlab.create_token(name="manager")
        gitlab.create_token(self.kind, "ci", expires_on=self.ends, created_at=MADE, **self.make())
        return self.tokens()[0]

    def make(self) -> dict[str, Any]:
        """Return whose token it is, as the sandbox wants to know it."""
        return {"project": 42}

    def place(self) -> str:
        """Return whose token it is, as it is declared."""
        return "project: 42, token: ci"

    def declare(self) -> str:
        where = f'url: "{self.box.gitlab.url}", kind: {self.kind}, {self.place()}'
        return f"    with: {{ {where} }}\n    credential: MANAGER\n"

    def given(self) -> Mapping[str, str]:
        return {"MANAGER": self.manager.value}

    def others(self) -> list[str]:
        return [self.manager.value]

    def tokens(self) -> list[Issued]:
        return [self.show(token) for token in self._ours()]

    def show(self, token: Token) -> Issued:
        """Describe a token of the sandbox."""
        works = token.is_active(self.box.gitlab.now)
        return Issued(str(token.id), token.value, works, not works)

    def _ours(self) -> list[Token]:
        tokens = self.box.gitlab.tokens
        return [t for t in tokens if t.kind == self.kind and t is not self.manager]

    def presented_twice(self) -> int:
        """Count rotate calls of tokens that had been swapped, by id or by value."""
        gitlab, spent, twice = self.box.gitlab, set(), self.box.gitlab.families_revoked
        by_value = {token.value: str(token.id) for token in gitlab.tokens}
        for exchange in gitlab.server.exchanges:
            match = _ROTATE.search(exchange.request.path)
            if not match:
                continue
            presented = exchange.request.headers.get("private-token", "")
            token_id = by_value.get(presented, "") if match[1] == "self" else match[1]
            twice += token_id in spent
            if exchange.response.status < 300:
                spent.add(token_id)
        return twice


class GitLabInPlace(GitLab):
    """The same, swapped by its manager."""

    strategy = "in-place"


class GitLabAlone(GitLab):
    """A token that is swapped with nothing but its own value: its window is accepted."""

    strategy = "in-place"
    may_lose = True

    def declare(self) -> str:
        return super().declare().replace("credential: MANAGER", "value: OWN")

    def given(self) -> Mapping[str, str]:
        return {"OWN": self.held(self.places[0])[""]}

    def more(self) -> str:
        return ", accept-loss: { because: it is a sandbox }"


class GitLabById(GitLab):
    """A token that is declared by the id it has before the rotation."""

    def place(self) -> str:
        return f"project: 42, token-id: {self.first.id}"


class GitLabRescue(GitLab):
    """A token that died days ago, made again by its manager."""

    ends = date(2026, 11, 20)


class GitLabJournalElsewhere(GitLab):
    """The journal and the sealed record are kept in another repository."""

    journal_repository = "octo/journal"


class GitLabGroup(GitLab):
    """A group's access token."""

    kind = "group"

    def make(self) -> dict[str, Any]:
        return {"group": 7}

    def place(self) -> str:
        return "group: 7, token: ci"


class GitLabServiceAccount(GitLab):
    """A token of a group's service account."""

    kind = "service-account"

    def make(self) -> dict[str, Any]:
        self.account = self.box.gitlab.add_service_account(7, "robot")
        return {"owner": self.account, "group": 7}

    def place(self) -> str:
        return f"group: 7, service-account: {self.account.id}, token: ci"


class GitLabPersonal(GitLab):
    """A person's token, swapped by an administrator's."""

    kind = "personal"
    strategy = "in-place"

    def make(self) -> dict[str, Any]:
        self.person = self.box.gitlab.add_user("alice")
        return {"owner": self.person}

    def place(self) -> str:
        return f"user: {self.person.id}, token: ci"


class GitLabDeploy(GitLab):
    """A deploy token, whose username changes with it."""

    kind = "deploy"
    parts = (("username", "_USER"), ("token", "_TOKEN"))

    def make(self) -> dict[str, Any]:
        return {"project": 42, "scopes": ("read_repository",)}

    def show(self, token: Token) -> Issued:
        works = token.is_active(self.box.gitlab.now)
        username = f"gitlab+deploy-token-{token.id}"
        return Issued(str(token.id), token.value, works, not works, beside=username)

    def _ours(self) -> list[Token]:
        """Return what there is, and what was deleted: nothing else remembers it."""
        self._seen = getattr(self, "_seen", {}) | {t.id: t for t in super()._ours()}
        alive = {token.id for token in super()._ours()}
        for token in self._seen.values():
            token.revoked = token.revoked or token.id not in alive
        return list(self._seen.values())
