"""The other providers' tokens, each with whoever manages it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tests.rotation.worlds.base import ENDS, MADE, NOW, Issued, World


class SailPoint(World):
    """A personal access token, and another one of its owner's as the manager."""

    provider = "sailpoint"
    server = "sailpoint"
    parts = (("client-id", "_ID"), ("", "_SECRET"))

    def fill(self) -> Issued:
        tenant = self.box.sailpoint
        owner = tenant.add_identity("ci-robot", admin=True)
        self.manager = tenant.create_pat("manager", owner=owner)
        ends = datetime.combine(ENDS, NOW.timetz())
        tenant.create_pat("ci", owner=owner, created_at=MADE, expires_at=ends)
        self._seen: dict[str, str] = {}
        return self.tokens()[0]

    def declare(self) -> str:
        url = self.box.sailpoint.server.url
        pair = "client-id: MANAGER_ID, client-secret: MANAGER_SECRET"
        return f'    with: {{ url: "{url}", token: ci, owner: me }}\n    credential: {{ {pair} }}\n'

    def given(self) -> Mapping[str, str]:
        return {"MANAGER_ID": self.manager.id, "MANAGER_SECRET": self.manager.secret}

    def others(self) -> list[str]:
        return [self.manager.secret, *(jwt.value for jwt in self.box.sailpoint.jwts)]

    def tokens(self) -> list[Issued]:
        tenant = self.box.sailpoint
        alive = {pat.id: pat for pat in tenant.pats if pat is not self.manager}
        self._seen |= {pat.id: pat.secret for pat in alive.values()}
        living = {id for id, pat in alive.items() if pat.is_alive(tenant.now)}
        return [
            Issued(id, value, id in living, id not in living) for id, value in self._seen.items()
        ]


class SailPointExtend(SailPoint):
    """The same, whose date is moved."""

    strategy = "extend"


class Synoptic(World):
    """A token without name or id, and the account's key."""

    provider = "synoptic"
    server = "synoptic"

    def fill(self) -> Issued:
        self.account = self.box.synoptic.add_account()
        ends = datetime.combine(ENDS, NOW.timetz())
        self.box.synoptic.create_token(self.account, expires_at=ends, settings=("weather",))
        return self.tokens()[0]

    def declare(self) -> str:
        return (
            f'    with: {{ url: "{self.box.synoptic.url}" }}\n    value: OWN\n'
            f"    credential: ACCOUNT\n    expires: {ENDS}\n"
        )

    def more(self) -> str:
        return ", lifetime: 90d"

    def given(self) -> Mapping[str, str]:
        return {"ACCOUNT": self.account.key, "OWN": self.held(self.places[0])[""]}

    def others(self) -> list[str]:
        return [self.account.key]

    def tokens(self) -> list[Issued]:
        service = self.box.synoptic
        return [
            Issued(t.value, t.value, service.is_alive(t), not service.is_alive(t))
            for t in service.tokens
        ]


class Aws(World):
    """An access key of one user, managed by another user's."""

    provider = "aws-iam"
    server = "aws_iam"
    parts = (("access-key-id", "_ID"), ("secret-access-key", "_SECRET"))

    def fill(self) -> Issued:
        account = self.box.aws_iam
        self.manager = account.create_key(account.add_user("manager"))
        self.user = account.add_user("ci")
        account.create_key(self.user, created_at=NOW - timedelta(days=300))
        return self.tokens()[0]

    def declare(self) -> str:
        pair = "access-key-id: MANAGER_ID, secret-access-key: MANAGER_SECRET"
        return (
            f'    with: {{ url: "{self.box.aws_iam.url}", user: ci }}\n'
            f"    credential: {{ {pair} }}\n"
        )

    def given(self) -> Mapping[str, str]:
        return {"MANAGER_ID": self.manager.id, "MANAGER_SECRET": self.manager.secret}

    def others(self) -> list[str]:
        return [self.manager.secret]

    def tokens(self) -> list[Issued]:
        account = self.box.aws_iam
        return [
            Issued(key.id, key.secret, account.is_alive(key), key.deleted or not key.active)
            for key in account.keys
            if key.user == self.user
        ]


class Azure(World):
    """A PAT of a person who is signed in."""

    provider = "azure-devops"
    server = "azure_devops"

    def fill(self) -> Issued:
        azure = self.box.azure_devops
        self.person = azure.add_user("alice@acme.example")
        ends = datetime.combine(ENDS, NOW.timetz())
        azure.create_pat("ci", owner=self.person, valid_from=MADE, valid_to=ends)
        return self.tokens()[0]

    def declare(self) -> str:
        where = f'url: "{self.box.azure_devops.server.url}", organization: acme, token: ci'
        return f"    with: {{ {where} }}\n    credential: SIGNED_IN\n"

    def given(self) -> Mapping[str, str]:
        return {"SIGNED_IN": self.box.azure_devops.sign_in(self.person).value}

    def others(self) -> list[str]:
        return [token.value for token in self.box.azure_devops.entra_tokens]

    def tokens(self) -> list[Issued]:
        azure = self.box.azure_devops
        return [
            Issued(pat.id, pat.value, azure.is_accepted(pat), azure.state_of(pat) != "active")
            for pat in azure.pats
        ]


class AzureExtend(Azure):
    """The same, whose date is moved."""

    strategy = "extend"
