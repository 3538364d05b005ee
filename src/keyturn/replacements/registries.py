"""PURE: the registries and clouds that take a job's own identity in place of a stored credential.

One row per evidence; each names the page that says so.
"""

from __future__ import annotations

import re

from keyturn.replacements.evidence import OIDC, Change, Place, Replacement


def _names_variable(place: Place) -> bool:
    return place.key.partition(".")[2] in place.consumer.script


def _hosted(place: Place) -> bool:
    """Say whether GitHub's own runner does the job."""
    label = r"(ubuntu|windows|macos)-(latest|slim|\d[\d.]*)(-(arm|intel|large|xlarge|vs\d+))*"
    return bool(re.fullmatch(label, place.consumer.runner))


def _publishes_to_npm(place: Place) -> bool:
    nodes = [step for step in place.steps if step.action == "actions/setup-node"]
    registries = {step.inputs.get("registry-url", "").strip().rstrip("/") for step in nodes}
    return registries == {"https://registry.npmjs.org"} and _hosted(place)


def _has_new_npm(place: Place) -> bool:
    nodes = [step for step in place.steps if step.action == "actions/setup-node"]
    versions = [step.inputs.get("node-version", "").strip() for step in nodes]
    # An exact version may be too old, and a file is not seen.
    current = r"(2[4-9]|[3-9]\d)(\.x)?|lts/\*|latest|node|current"
    return not _names_variable(place) and all(re.fullmatch(current, each) for each in versions)


def _is_started_directly(place: Place) -> bool:
    """Say whether crates.io takes the job's word.

    It refuses runs that another run started (agentjp/bdinfo-rs#389, reflex-search/reflex#45,
    read 2026-11).
    """
    return all(trigger.event != "workflow_run" for trigger in place.use.triggers)


_OTHERS_STORE = re.compile(r"endpoint|digitaloceanspaces|\bs3cmd\b|\brclone\b", re.IGNORECASE)
_KEY_PAIR = re.compile(r"aws[-_](access[-_]key|secret[-_]access)", re.IGNORECASE)


def _is_aws(place: Place) -> bool:
    """Say whether the keys are AWS's own, and no step hands them on.

    Another's store may speak the same protocol. Whoever hands on an id and a key forgets the
    token of the session, without which those of a role are worth nothing.
    """
    region = place.find_value("with.aws-region")
    known = re.fullmatch(r"(?!cn-)[a-z]{2}(-[a-z]+){1,2}-\d|\$\{\{.*\}\}", region)
    return bool(known) and not any(
        _OTHERS_STORE.search(text)
        or (step.action != place.consumer.action and _KEY_PAIR.search(text))
        for step in place.steps
        for text in (
            *step.inputs,
            *step.inputs.values(),
            *step.env,
            *step.env.values(),
            step.script,
        )
    )


_TRUSTED = "owner {owner}, repository {name}, workflow {file}, environment {environment}"
_PYPI = (
    "At PyPI, in the project's settings under Publishing, add a publisher of the kind GitHub: "
    f"{_TRUSTED}.",
)
_PYPI_SOURCE = (
    "pypi/warehouse docs/user/trusted-publishers/using-a-publisher.md (docs.pypi.org, read 2026-11)"
)
# The claim: GitHub docs, "OpenID Connect reference", "Immutable subject claims" (read 2026-11).
_CLAIM = (
    "See how GitHub writes the claim here before you copy it: `gh api "
    "repos/{owner}/{name}/actions/oidc/customization/sub`. For repositories made, renamed or moved "
    "after 15 July 2026, and for those that chose it, the names carry numbers: "
    "`repo:OWNER@OWNER-ID/REPO@REPO-ID:`."
)
_AWS = (
    "In AWS, add the identity provider https://token.actions.githubusercontent.com with the "
    "audience sts.amazonaws.com, once for the account.",
    "Let the role that the job is to have trust that provider under the condition that the claim "
    "token.actions.githubusercontent.com:sub is {subject}, and give it what the user may do now. "
    "Its session ends after an hour: a longer job needs `role-duration-seconds`, and a role that "
    "allows it.",
    _CLAIM,
)
_AWS_SOURCE = (
    'aws-actions/configure-aws-credentials README, "OIDC" and "Credential Lifetime" (read 2026-11)'
)
_AWS_KEYS = ("with.aws-secret-access-key",)
_AWS_OTHERS = {
    "with.aws-session-token": "",
    "with.web-identity-token-file": "",
    "with.role-chaining": "(false)?",
}

ROWS = (
    Replacement(
        id="pypi-action",
        name="PyPI trusted publishing",
        evidence="`pypa/gh-action-pypi-publish` with `password`, to PyPI itself",
        action="pypa/gh-action-pypi-publish",
        # Its releases page: "do not use" 1.8.0, in which a mistake was.
        since=(1, 8, 1),
        keys=("with.password",),
        companions=("with.user",),
        demands=dict.fromkeys(
            ("with.repository-url", "with.repository_url"), r"(https://upload\.pypi\.org/legacy/?)?"
        ),
        publishes=True,
        change=Change(drop=("with.password", "with.user"), grants=(OIDC,)),
        publisher=_PYPI,
        source=_PYPI_SOURCE,
    ),
    Replacement(
        id="twine",
        name="PyPI trusted publishing",
        evidence="`twine upload` with `TWINE_PASSWORD`, to PyPI itself",
        command=r"(python3? -m )?twine upload\b",
        refuses=r"--repository|-r\b|--repository-url|--password|-p\b|--config-file|\.pypirc",
        keys=("env.TWINE_PASSWORD",),
        companions=("env.TWINE_USERNAME",),
        demands={"env.TWINE_REPOSITORY": "(pypi)?", "env.TWINE_REPOSITORY_URL": ""},
        publishes=True,
        patches=lambda _place: False,
        publisher=_PYPI,
        source=_PYPI_SOURCE,
        by_hand="upload with pypa/gh-action-pypi-publish@release/v1, which needs no password, in "
        "place of twine",
        change=Change(grants=(OIDC,)),
    ),
    Replacement(
        id="npm",
        name="npm trusted publishing",
        evidence="`npm publish` with `NODE_AUTH_TOKEN`, where `actions/setup-node` names "
        "`https://registry.npmjs.org` as `registry-url`, on a runner of GitHub",
        command=r"npm publish\b",
        refuses=r"--registry|--userconfig|--otp",
        demands=dict.fromkeys(("env.NPM_CONFIG_REGISTRY", "env.npm_config_registry"), ""),
        keys=("env.NODE_AUTH_TOKEN",),
        holds=_publishes_to_npm,
        patches=_has_new_npm,
        publishes=True,
        change=Change(drop=("env.NODE_AUTH_TOKEN",), grants=(OIDC,)),
        publisher=(
            "At npmjs.com, in the settings of each package under Trusted Publisher, choose GitHub "
            f"Actions: {_TRUSTED}. A package can have one publisher only, and must exist.",
            "In a public repository npm adds provenance by itself: `repository` in package.json "
            "has to name {owner}/{name}.",
        ),
        source='npm/documentation, "Trusted publishing for npm packages" (read 2026-11)',
        by_hand="let the job have npm 11.5.1 or later and Node 22.14 or later (`node-version: 24` "
        "of actions/setup-node), publish without a token, and write none to a file",
    ),
    Replacement(
        id="cargo",
        name="crates.io trusted publishing",
        evidence="`cargo publish` with `CARGO_REGISTRY_TOKEN`, to crates.io itself",
        command=r"cargo (\+\S+ )?publish\b",
        refuses=r"--registry|--index|--token|--config",
        keys=("env.CARGO_REGISTRY_TOKEN",),
        demands={"env.CARGO_REGISTRY_DEFAULT": "(crates-io)?"},
        holds=_is_started_directly,
        patches=lambda place: not _names_variable(place),
        publishes=True,
        change=Change(
            put=(("env.CARGO_REGISTRY_TOKEN", "${{ steps.keyturn-crates-io.outputs.token }}"),),
            grants=(OIDC,),
            prelude=(("id", "keyturn-crates-io"), ("uses", "rust-lang/crates-io-auth-action@v1")),
        ),
        publisher=(
            "At crates.io, in the settings of each crate under Trusted Publishing, add GitHub: "
            f"{_TRUSTED}. A crate must have been published once before. The token that a job gets "
            "lasts 30 minutes.",
        ),
        source="rust-lang/crates-io-auth-action README; crates.io/docs/trusted-publishing (read "
        "2026-11)",
        by_hand="get a token of the job's own from rust-lang/crates-io-auth-action@v1, and publish "
        "with that",
    ),
    Replacement(
        id="gem",
        name="RubyGems trusted publishing",
        evidence="`gem push` with `GEM_HOST_API_KEY`, to rubygems.org itself",
        command=r"gem push\b",
        refuses=r"--host|--key|-k\b|:github:|pkg\.github\.com",
        keys=("env.GEM_HOST_API_KEY",),
        demands={"env.RUBYGEMS_HOST": ""},
        patches=lambda place: not _names_variable(place),
        publishes=True,
        change=Change(
            drop=("env.GEM_HOST_API_KEY",),
            grants=(OIDC,),
            prelude=(("uses", "rubygems/configure-rubygems-credentials@v2.0.0"),),
        ),
        publisher=(
            "At rubygems.org, on the page of each gem under Trusted publishers, add GitHub "
            f"Actions: {_TRUSTED}.",
        ),
        source="rubygems/release-gem and rubygems/configure-rubygems-credentials READMEs (read "
        "2026-11)",
        by_hand="let rubygems/configure-rubygems-credentials@v2.0.0 log in, and write no key to a "
        "file",
    ),
    Replacement(
        id="aws-keys",
        name="AWS role by OpenID Connect",
        evidence="`aws-actions/configure-aws-credentials` with `aws-secret-access-key` and no role,"
        " in a region of AWS and a job that names no `endpoint` and hands the keys to nobody",
        action="aws-actions/configure-aws-credentials",
        since=(2,),
        keys=_AWS_KEYS,
        companions=("with.aws-access-key-id",),
        holds=_is_aws,
        demands={**_AWS_OTHERS, "with.role-to-assume": ""},
        change=Change(
            drop=("with.aws-access-key-id", *_AWS_KEYS),
            put=(("with.role-to-assume", "${{ vars.AWS_ROLE_ARN }}"),),
            grants=(OIDC,),
        ),
        publisher=(
            *_AWS,
            "Store the role's ARN as the variable AWS_ROLE_ARN where the secret is now.",
        ),
        source=_AWS_SOURCE,
    ),
    Replacement(
        id="aws-role",
        name="AWS role by OpenID Connect",
        evidence="the same with a role's ARN as `role-to-assume`",
        action="aws-actions/configure-aws-credentials",
        since=(2,),
        keys=_AWS_KEYS,
        companions=("with.aws-access-key-id",),
        holds=_is_aws,
        # A bare name is looked up in the account of the keys, of which there are none then.
        demands={**_AWS_OTHERS, "with.role-to-assume": r"arn:.+|\$\{\{.*\}\}"},
        change=Change(drop=("with.aws-access-key-id", *_AWS_KEYS), grants=(OIDC,)),
        publisher=(*_AWS, "See that `role-to-assume` is the role's full ARN."),
        source=_AWS_SOURCE,
    ),
    Replacement(
        id="azure-login",
        name="Azure federated credential",
        evidence="`azure/login` with `creds`",
        action="azure/login",
        since=(2,),
        keys=("with.creds",),
        # With one of the ids, `creds` is ignored.
        demands={
            **dict.fromkeys(("with.client-id", "with.tenant-id", "with.subscription-id"), ""),
            "with.auth-type": "(SERVICE_PRINCIPAL)?",
            "with.environment": "(azurecloud)?",
        },
        change=Change(
            drop=("with.creds",),
            put=(
                ("with.client-id", "${{ vars.AZURE_CLIENT_ID }}"),
                ("with.tenant-id", "${{ vars.AZURE_TENANT_ID }}"),
                ("with.subscription-id", "${{ vars.AZURE_SUBSCRIPTION_ID }}"),
            ),
            grants=(OIDC,),
        ),
        publisher=(
            "In Microsoft Entra, add a federated credential to the application that the secret "
            "belongs to: issuer https://token.actions.githubusercontent.com, audience "
            "api://AzureADTokenExchange, subject {subject} (one credential for each). The "
            "login ends after an hour unless Azure is told otherwise.",
            _CLAIM,
            "Store its client id, tenant id and subscription id as the variables AZURE_CLIENT_ID, "
            "AZURE_TENANT_ID and AZURE_SUBSCRIPTION_ID where the secret is now.",
        ),
        source='Azure/login README, "Login With OpenID Connect" (read 2026-11)',
    ),
    Replacement(
        id="google-auth",
        name="Google workload identity federation",
        evidence="`google-github-actions/auth` with `credentials_json`",
        action="google-github-actions/auth",
        since=(1,),
        keys=("with.credentials_json",),
        demands={"with.workload_identity_provider": "", "with.service_account": ""},
        change=Change(
            drop=("with.credentials_json",),
            put=(
                ("with.workload_identity_provider", "${{ vars.GCP_WORKLOAD_IDENTITY_PROVIDER }}"),
                ("with.service_account", "${{ vars.GCP_SERVICE_ACCOUNT }}"),
            ),
            grants=(OIDC,),
        ),
        publisher=(
            "In Google Cloud, make a workload identity pool with a provider for "
            "https://token.actions.githubusercontent.com, under the attribute condition "
            "assertion.repository == '{owner}/{name}', and let its principals of this repository "
            "impersonate the service account.",
            "Store the provider's full name as the variable GCP_WORKLOAD_IDENTITY_PROVIDER and "
            "the service account's address as GCP_SERVICE_ACCOUNT, where the secret is now.",
        ),
        source='google-github-actions/auth README, "Setup" (read 2026-11)',
    ),
    Replacement(
        id="vault-token",
        name="Vault's JWT login",
        evidence="`hashicorp/vault-action` with `token`",
        action="hashicorp/vault-action",
        since=(2, 4),
        keys=("with.token",),
        # `path` would be where the JWT method is looked for.
        demands={"with.method": "(token)?", "with.role": "", "with.path": ""},
        change=Change(
            drop=("with.token",),
            put=(("with.method", "jwt"), ("with.role", "${{ vars.VAULT_ROLE }}")),
            grants=(OIDC,),
        ),
        publisher=(
            "In Vault, set up the JWT method with the discovery address and issuer "
            "https://token.actions.githubusercontent.com, and a role bound to the audience "
            "https://github.com/{owner} and the subject {subject}, with the policies that the "
            "token has now.",
            _CLAIM,
            "Store the role's name as the variable VAULT_ROLE where the secret is now.",
        ),
        source='hashicorp/vault-action README, "JWT with GitHub OIDC Tokens" (read 2026-11)',
    ),
    Replacement(
        id="codecov",
        name="Codecov by OpenID Connect",
        evidence="`codecov/codecov-action` with `token` or `CODECOV_TOKEN`",
        action="codecov/codecov-action",
        since=(5,),
        keys=("with.token", "env.CODECOV_TOKEN"),
        demands={"with.url": "", "with.use_oidc": "(false)?"},
        change=Change(
            drop=("with.token", "env.CODECOV_TOKEN"),
            # A fork's pull request gets no identity, as it gets no secret today.
            put=(
                (
                    "with.use_oidc",
                    "${{ github.event_name != 'pull_request' || "
                    "github.event.pull_request.head.repo.full_name == github.repository }}",
                ),
            ),
            grants=(OIDC,),
        ),
        source="codecov/codecov-action action.yml, `use_oidc` (read 2026-11)",
    ),
    Replacement(
        id="jfrog",
        name="JFrog by OpenID Connect",
        evidence="`jfrog/setup-jfrog-cli` with `JF_ACCESS_TOKEN` or `JF_PASSWORD`",
        action="jfrog/setup-jfrog-cli",
        since=(4,),
        keys=("env.JF_ACCESS_TOKEN", "env.JF_PASSWORD"),
        companions=("env.JF_USER",),
        demands={"with.oidc-provider-name": "", "env.JF_URL": ".+"},
        change=Change(
            drop=("env.JF_ACCESS_TOKEN", "env.JF_PASSWORD", "env.JF_USER"),
            put=(("with.oidc-provider-name", "${{ vars.JFROG_OIDC_PROVIDER }}"),),
            grants=(OIDC,),
        ),
        publisher=(
            "In the JFrog platform, add an OpenID Connect integration for GitHub, with an identity "
            "mapping for the claim repository: {owner}/{name}.",
            "Store the integration's name as the variable JFROG_OIDC_PROVIDER where the secret is "
            "now.",
        ),
        source='GitHub docs, "Configuring OpenID Connect in JFrog" (read 2026-11)',
    ),
)
"""Every evidence about a registry or a cloud. No two hold of one place."""
