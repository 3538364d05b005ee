"""Workflows whose secrets could go, and workflows whose secrets only look like it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """A workflow that could do without its secrets, and what is wanted of its patch."""

    row: str
    """The id of the evidence."""
    text: str
    permissions: dict[str, str] | None
    """What the job `main` has afterwards."""
    patched: bool = True
    says: str = ""
    """A part of what is said of the changes or of the set-up."""


_TAGS = 'on: { push: { tags: ["v*"] } }\n'

CASES = {
    "pypi, the action as its README shows it": Case(
        "pypi-action",
        _TAGS
        + """
jobs:
  main:
    runs-on: ubuntu-24.04
    environment: pypi
    steps:
      - uses: actions/checkout@v5
      - run: python -m build
      - name: Publish
        uses: pypa/gh-action-pypi-publish@release/v1
        with:
          user: __token__
          password: ${{ secrets.TOKEN }}
""",
        {"contents": "read", "id-token": "write"},
        says="workflow ci.yml, environment pypi",
    ),
    "pypi, with further inputs and comments": Case(
        "pypi-action",
        _TAGS
        + """
permissions:
  contents: read  # to check out
jobs:
  main:
    runs-on: ubuntu-24.04
    steps:
      # Nothing but dist/ is uploaded.
      - name: Publish
        uses: pypa/gh-action-pypi-publish@v1.12.4
        with:
          packages-dir: dist/  # built above
          # The account's token.
          password: ${{ secrets.TOKEN }}  # expires
          skip-existing: true
        timeout-minutes: 5
""",
        {"contents": "read", "id-token": "write"},
    ),
    "pypi, the job has permissions already": Case(
        "pypi-action",
        _TAGS
        + """
jobs:
  main:
    permissions:
      contents: write
      attestations: write
    runs-on: ubuntu-24.04
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          repository-url: https://upload.pypi.org/legacy/
          password: "${{ secrets.TOKEN }}"
""",
        {"contents": "write", "attestations": "write", "id-token": "write"},
    ),
    "pypi, all permissions taken away at the top": Case(
        "pypi-action",
        _TAGS
        + """
permissions: {}
jobs:
  main:
    runs-on: ubuntu-24.04
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets['token'] }}
""",
        {"id-token": "write"},
    ),
    "pypi, id-token there already": Case(
        "pypi-action",
        _TAGS
        + """
permissions:
  contents: read
  id-token: write
jobs:
  main:
    runs-on: ubuntu-24.04
    steps:
      - uses: pypa/gh-action-pypi-publish@76f52bc884231f62b9a034ebfe128415bbaabdfc # v1.12.4
        with: { password: "${{ secrets.TOKEN }}" }
""",
        None,
        says="the commit it is pinned to is v1.8.1 or later",
    ),
    "pypi, a version that is too old": Case(
        "pypi-action",
        _TAGS
        + """
permissions: { id-token: write }
jobs:
  main:
    runs-on: ubuntu-24.04
    steps:
      - uses: pypa/gh-action-pypi-publish@v1.8.0
        with:
          password: ${{ secrets.TOKEN }}
""",
        None,
        patched=False,
        says="move it to pypa/gh-action-pypi-publish v1.8.1 or later first",
    ),
    "pypi, a job whose other steps act on GitHub": Case(
        "pypi-action",
        _TAGS
        + """
jobs:
  main:
    runs-on: ubuntu-24.04
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets.TOKEN }}
      - run: gh release create "$GITHUB_REF_NAME" dist/*
""",
        None,
        patched=False,
        says="it names no permissions so far",
    ),
    "pypi, by twine": Case(
        "twine",
        _TAGS
        + """
permissions: { contents: read }
jobs:
  main:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          python -m pip install build twine
          python -m build
          twine upload --skip-existing dist/*
        env:
          TWINE_USERNAME: __token__
          TWINE_PASSWORD: ${{ secrets.TOKEN }}
""",
        None,
        patched=False,
        says="pypa/gh-action-pypi-publish@release/v1",
    ),
    "npm, as its documentation shows it": Case(
        "npm",
        """
on:
  release:
    types: [created]
jobs:
  main:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with:
          node-version: 24
          registry-url: https://registry.npmjs.org
      - run: npm ci
      - run: npm publish --provenance --access public
        env:
          NODE_AUTH_TOKEN: ${{ secrets.TOKEN }}
""",
        {"contents": "read", "id-token": "write"},
        says="At npmjs.com",
    ),
    "npm, too old a Node": Case(
        "npm",
        """
on: { release: { types: [created] } }
permissions: { contents: read }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/setup-node@v4
        with:
          node-version: "20"
          registry-url: https://registry.npmjs.org/
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.TOKEN }}
""",
        None,
        patched=False,
        says="npm 11.5.1 or later",
    ),
    "crates.io": Case(
        "cargo",
        _TAGS
        + """
permissions:
  contents: read
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      # One crate after the other.
      - name: Publish
        run: |
          cargo publish -p core
          cargo publish -p cli
        env:
          CARGO_REGISTRY_TOKEN: ${{ secrets.TOKEN }}
""",
        {"contents": "read", "id-token": "write"},
        says="rust-lang/crates-io-auth-action@v1",
    ),
    "crates.io, two steps with one condition": Case(
        "cargo",
        """
on: push
jobs:
  main:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
    - uses: actions/checkout@v5
    - if: startsWith(github.ref, 'refs/tags/')
      run: cargo publish -p core
      env:
        CARGO_REGISTRY_TOKEN: ${{ secrets.TOKEN }}
    - if: startsWith(github.ref, 'refs/tags/')
      run: cargo publish -p cli
      env:
        CARGO_REGISTRY_TOKEN: ${{ secrets.TOKEN }}
""",
        {"contents": "read", "id-token": "write"},
    ),
    "RubyGems": Case(
        "gem",
        _TAGS
        + """
permissions:
  contents: read
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: ruby/setup-ruby@v1
      - run: gem build *.gemspec && gem push *.gem
        env:
          GEM_HOST_API_KEY: ${{ secrets.TOKEN }}
""",
        {"contents": "read", "id-token": "write"},
    ),
    "RubyGems, as the starter workflow writes it": Case(
        "gem",
        _TAGS
        + """
permissions:
  contents: read
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - run: |
          mkdir -p $HOME/.gem
          touch $HOME/.gem/credentials
          chmod 0600 $HOME/.gem/credentials
          printf -- "---\\n:rubygems_api_key: ${GEM_HOST_API_KEY}\\n" > $HOME/.gem/credentials
          gem build *.gemspec
          gem push *.gem
        env:
          GEM_HOST_API_KEY: "${{secrets.TOKEN}}"
""",
        {"contents": "read"},
        patched=False,
        says="write no key to a file",
    ),
    "AWS keys": Case(
        "aws-keys",
        """
on: { push: { branches: [main] } }
jobs:
  main:
    runs-on: ubuntu-latest
    environment: { name: production, url: https://example.com }
    steps:
      - uses: actions/checkout@v5
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.ID }}
          aws-secret-access-key: ${{ secrets.TOKEN }}
          aws-region: eu-central-1
      - run: aws s3 sync dist/ s3://bucket
""",
        {"contents": "read", "id-token": "write"},
        says="repo:octo/app:environment:production",
    ),
    "AWS keys that assume a role": Case(
        "aws-role",
        """
on: pull_request
permissions:
  contents: read
jobs:
  main:
    runs-on: [self-hosted, linux]
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.ROLE }}
          aws-access-key-id: ${{ secrets.ID }}
          aws-secret-access-key: ${{ secrets.TOKEN }}
          aws-region: eu-central-1
""",
        {"contents": "read", "id-token": "write"},
        says="repo:octo/app:pull_request",
    ),
    "Azure": Case(
        "azure-login",
        """
on: { push: { branches: [main] } }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: Azure/login@v2
        with:
          creds: ${{ secrets.TOKEN }}
      - uses: azure/webapps-deploy@v3
        with: { app-name: shop }
""",
        {"contents": "read", "id-token": "write"},
        says="repo:octo/app:ref:refs/heads/BRANCH",
    ),
    "Google": Case(
        "google-auth",
        """
on: { workflow_dispatch: }
permissions: write-all
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - id: auth
        uses: 'google-github-actions/auth@v2'
        with:
          credentials_json: '${{ secrets.TOKEN }}'
          export_environment_variables: true
""",
        None,
        says="assertion.repository == 'octo/app'",
    ),
    "Vault": Case(
        "vault-token",
        """
on: push
permissions: { contents: read }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: hashicorp/vault-action@v3
        with:
          url: https://vault.example.com
          method: token
          token: ${{ secrets.TOKEN }}
          secrets: |
            secret/data/ci user ;
            secret/data/ci password
""",
        {"contents": "read", "id-token": "write"},
    ),
    "Vault, an action that does not know GitHub's tokens": Case(
        "vault-token",
        """
on: push
permissions: { contents: read }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: hashicorp/vault-action@v2.3.0
        with:
          url: https://vault.example.com
          token: ${{ secrets.TOKEN }}
          secrets: secret/data/ci user
""",
        None,
        patched=False,
        says="move it to hashicorp/vault-action v2.4 or later first",
    ),
    "Codecov": Case(
        "codecov",
        """
on: [push, pull_request]
permissions:
  contents: read
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: make test
      - uses: codecov/codecov-action@v5
        with:
          token: ${{ secrets.TOKEN }}
          fail_ci_if_error: true
""",
        {"contents": "read", "id-token": "write"},
    ),
    "JFrog": Case(
        "jfrog",
        """
on: push
permissions: { contents: read }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: jfrog/setup-jfrog-cli@v4
        env:
          JF_URL: ${{ vars.JF_URL }}
          JF_ACCESS_TOKEN: ${{ secrets.TOKEN }}
      - run: jf rt ping
""",
        {"contents": "read", "id-token": "write"},
    ),
    "the container registry of GitHub": Case(
        "ghcr",
        """
on: { push: { branches: [main] } }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: docker/login-action@v3
        with:
          registry: ghcr.io
          username: octo-robot
          password: ${{ secrets.TOKEN }}
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: |
            ghcr.io/octo/app:latest
            ghcr.io/${{ github.repository }}:main
""",
        None,
        # Its own change names the token of the job.
        says="Manage Actions access",
    ),
    "a release of a pushed tag": Case(
        "release",
        _TAGS
        + """
permissions: { contents: read }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: softprops/action-gh-release@v2
        with:
          files: dist/*
          token: ${{ secrets.TOKEN }}
""",
        {"contents": "write"},
    ),
    "a release of a pushed tag, by a job that names no permissions": Case(
        "release",
        _TAGS
        + """
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: softprops/action-gh-release@v2
        with:
          token: ${{ secrets.TOKEN }}
""",
        {"contents": "write"},
    ),
    "pypi, and a release with the rights that a job has by default": Case(
        "pypi-action",
        _TAGS
        + """
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets.TOKEN }}
      - uses: softprops/action-gh-release@v2
        with:
          files: dist/*
""",
        None,
        patched=False,
        says="so name what its other steps need too",
    ),
    "AWS keys, and a pull request with the rights that a job has by default": Case(
        "aws-keys",
        """
on: { push: , pull_request: , release: }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.ID }}
          aws-secret-access-key: ${{ secrets.TOKEN }}
          aws-region: eu-central-1
      - uses: peter-evans/create-pull-request@v7
""",
        None,
        patched=False,
        says="is repo:octo/app:ref:refs/heads/BRANCH or repo:octo/app:ref:refs/tags/TAG or "
        "repo:octo/app:pull_request, and",
    ),
    "Azure, an environment with a colon": Case(
        "azure-login",
        """
on: push
permissions:
  contents: read
jobs:
  main:
    runs-on: windows-latest
    environment: "shop:live"
    steps:
      - uses: azure/login@v2
        with:
          creds: ${{ secrets.TOKEN }}
""",
        {"contents": "read", "id-token": "write"},
        says="subject repo:octo/app:environment:shop%3Alive (one",
    ),
    "a checkout of another repository": Case(
        "checkout-other",
        """
on: push
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/checkout@v5
        with:
          repository: octo/charts
          path: charts
          token: ${{ secrets.TOKEN }}
""",
        None,
        says="deploy key",
    ),
    "a pull request with the robot's token, under a condition": Case(
        "create-pull-request",
        """
on: { schedule: [{ cron: "0 3 * * 1" }] }
permissions: read-all
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: make generate
      # Nobody looks at an empty one.
      - if: steps.generate.outputs.changed == 'true'
        uses: peter-evans/create-pull-request@v7
        with:
          token: ${{ secrets.TOKEN }}  # the robot's
          body: |
            Made by `make generate`.
""",
        {"*": "read"},
        says="Its token ends after an hour",
    ),
    "a checkout and a pull request with the robot's token": Case(
        "checkout",
        """
on: { schedule: [{ cron: "0 3 * * 1" }] }
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with:
          token: ${{ secrets.TOKEN }}
      - run: make generate
      - uses: peter-evans/create-pull-request@v7
        with:
          token: ${{ secrets.TOKEN }}
          branch: generated
""",
        None,
        says="actions/create-github-app-token@v3",
    ),
}
"""By what they are about."""

_NPM = """
on: { release: { types: [created] } }
permissions: { contents: read }
jobs:
  main:
    runs-on: RUNNER
    steps:
      - uses: actions/setup-node@v5
        with: { node-version: 24, registry-url: "REGISTRY" }
      - run: RUN
        env:
          NODE_AUTH_TOKEN: ${{ secrets.TOKEN }}
"""


def _npm(
    run: str = "npm publish",
    *,
    registry: str = "https://registry.npmjs.org",
    runner: str = "ubuntu-latest",
) -> str:
    text = _NPM.replace("RUN\n", f"{run}\n").replace("REGISTRY", registry)
    return text.replace("RUNNER", runner)


def _step(step: str, *, on: str = "push", head: str = "") -> str:
    lines = step.strip("\n").splitlines()
    body = "\n".join(f"      {line}" for line in lines)
    return (
        f"on: {on}\n{head}\njobs:\n  main:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"      - run: make\n{body}\n"
    )


SILENT = {
    "npm, of which a private package is installed with the same token": _npm(
        "npm ci && npm publish"
    ),
    "npm, to GitHub Packages": _npm(registry="https://npm.pkg.github.com"),
    "npm, to a registry named at the command": _npm(
        "npm publish --registry https://npm.example.com"
    ),
    "npm, on a runner of one's own": _npm(runner="self-hosted"),
    "npm, by a script out of sight": _npm("./publish.sh"),
    "npm, by a tool that does more": _npm("npx semantic-release"),
    "npm, no registry named": _npm(registry=""),
    "npm, on a runner that only sounds like GitHub's": _npm(runner="ubuntu-gpu"),
    "npm, and a script fed by a pipe": _npm("echo v1 | ./announce.sh && npm publish"),
    "npm, and a script beside it": _npm("echo v1 & ./announce.sh && npm publish"),
    "npm, to a registry named by a variable": _npm().replace(
        "jobs:", "env: { NPM_CONFIG_REGISTRY: https://npm.example.com }\njobs:"
    ),
    "Codecov, a step that is skipped without the token": _step(
        """
- uses: codecov/codecov-action@v5
  if: env.CODECOV_TOKEN != ''
  env:
    CODECOV_TOKEN: ${{ secrets.TOKEN }}
"""
    ),
    "cargo, a step that is skipped without the token": _step(
        """
- run: cargo publish
  if: ${{ env['CARGO_REGISTRY_TOKEN'] }}
  env:
    CARGO_REGISTRY_TOKEN: ${{ secrets.TOKEN }}
"""
    ),
    "cargo, another registry by a variable": _step(
        """
- run: cargo publish
  env:
    CARGO_REGISTRY_DEFAULT: internal
    CARGO_REGISTRY_TOKEN: ${{ secrets.TOKEN }}
"""
    ),
    "cargo, started by another run": _step(
        """
- run: cargo publish
  env:
    CARGO_REGISTRY_TOKEN: ${{ secrets.TOKEN }}
""",
        on="{ workflow_run: { workflows: [ci] } }",
    ),
    "AWS, keys that a script hands on without a session": _step(
        """
- uses: aws-actions/configure-aws-credentials@v4
  with:
    aws-access-key-id: ${{ secrets.ID }}
    aws-secret-access-key: ${{ secrets.TOKEN }}
    aws-region: eu-central-1
- run: docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY deployer
"""
    ),
    "AWS's protocol, and another's tool": _step(
        """
- uses: aws-actions/configure-aws-credentials@v4
  with:
    aws-access-key-id: ${{ secrets.ID }}
    aws-secret-access-key: ${{ secrets.TOKEN }}
    aws-region: us-east-1
- run: s3cmd --host=store.example.com sync dist/ s3://bucket
"""
    ),
    "pypi, another index": _step(
        """
- uses: pypa/gh-action-pypi-publish@release/v1
  with:
    password: ${{ secrets.TOKEN }}
    repository-url: https://pypi.example.com/legacy/
"""
    ),
    "pypi, from pull requests": _step(
        """
- uses: pypa/gh-action-pypi-publish@release/v1
  with:
    password: ${{ secrets.TOKEN }}
""",
        on="[push, pull_request]",
    ),
    "pypi, a token or another": _step(
        """
- uses: pypa/gh-action-pypi-publish@release/v1
  with:
    password: ${{ secrets.TOKEN || vars.OLD }}
"""
    ),
    "pypi, and a script too": _step(
        """
- uses: pypa/gh-action-pypi-publish@release/v1
  with:
    password: ${{ secrets.TOKEN }}
- run: ./announce.sh
  env:
    PYPI: ${{ secrets.TOKEN }}
"""
    ),
    "pypi, and any secret is meant elsewhere": _step(
        """
- uses: pypa/gh-action-pypi-publish@release/v1
  with:
    password: ${{ secrets.TOKEN }}
- run: ./deploy.sh
  env:
    ALL: ${{ toJSON(secrets) }}
"""
    ),
    "pypi, the secret tested in a condition too": _step(
        """
- uses: pypa/gh-action-pypi-publish@release/v1
  if: ${{ secrets.TOKEN != '' }}
  with:
    password: ${{ secrets.TOKEN }}
"""
    ),
    "pypi, a workflow that others call": _step(
        """
- uses: pypa/gh-action-pypi-publish@release/v1
  with:
    password: ${{ secrets.TOKEN }}
""",
        on="[push, workflow_call]",
    ),
    "twine, with a configuration of its own": _step(
        """
- run: twine upload -r internal dist/*
  env:
    TWINE_PASSWORD: ${{ secrets.TOKEN }}
"""
    ),
    "twine, for the whole job": """
on: push
jobs:
  main:
    runs-on: ubuntu-latest
    env:
      TWINE_PASSWORD: ${{ secrets.TOKEN }}
    steps:
      - run: twine upload dist/*
""",
    "cargo, another registry": _step(
        """
- run: cargo publish --registry internal
  env:
    CARGO_REGISTRY_TOKEN: ${{ secrets.TOKEN }}
"""
    ),
    "cargo, a token in the command": _step(
        """
- run: cargo publish --token ${{ secrets.TOKEN }}
"""
    ),
    "gem, to GitHub Packages": _step(
        """
- run: gem push --key github --host https://rubygems.pkg.github.com/octo *.gem
  env:
    GEM_HOST_API_KEY: ${{ secrets.TOKEN }}
"""
    ),
    "AWS, a session that ends by itself": _step(
        """
- uses: aws-actions/configure-aws-credentials@v4
  with:
    aws-access-key-id: ${{ secrets.ID }}
    aws-secret-access-key: ${{ secrets.TOKEN }}
    aws-session-token: ${{ secrets.SESSION }}
    aws-region: eu-central-1
"""
    ),
    "AWS's protocol, and another's store": _step(
        """
- uses: aws-actions/configure-aws-credentials@v4
  with:
    aws-access-key-id: ${{ secrets.ID }}
    aws-secret-access-key: ${{ secrets.TOKEN }}
    aws-region: eu-central-1
- run: aws s3 sync dist/ s3://bucket
  env:
    AWS_ENDPOINT_URL_S3: https://store.example.com
"""
    ),
    "AWS's protocol, and no region of its own": _step(
        """
- uses: aws-actions/configure-aws-credentials@v4
  with:
    aws-access-key-id: ${{ secrets.ID }}
    aws-secret-access-key: ${{ secrets.TOKEN }}
    aws-region: auto
"""
    ),
    "AWS, keys as variables of a script": _step(
        """
- run: aws s3 sync dist/ s3://bucket
  env:
    AWS_ACCESS_KEY_ID: ${{ secrets.ID }}
    AWS_SECRET_ACCESS_KEY: ${{ secrets.TOKEN }}
"""
    ),
    "Azure, where the ids win over the secret": _step(
        """
- uses: azure/login@v2
  with:
    creds: ${{ secrets.TOKEN }}
    client-id: ${{ vars.CLIENT }}
"""
    ),
    "Vault, by another method": _step(
        """
- uses: hashicorp/vault-action@v3
  with:
    method: github
    token: ${{ secrets.TOKEN }}
"""
    ),
    "Vault, whose method stands elsewhere": _step(
        """
- uses: hashicorp/vault-action@v3
  with:
    path: ci
    token: ${{ secrets.TOKEN }}
"""
    ),
    "AWS, a role by its bare name": _step(
        """
- uses: aws-actions/configure-aws-credentials@v4
  with:
    aws-access-key-id: ${{ secrets.ID }}
    aws-secret-access-key: ${{ secrets.TOKEN }}
    role-to-assume: deploy
    aws-region: eu-central-1
"""
    ),
    "Docker Hub": _step(
        """
- uses: docker/login-action@v3
  with:
    username: octo
    password: ${{ secrets.TOKEN }}
- run: docker push octo/app
"""
    ),
    "GitHub's container registry, images of somebody else": _step(
        """
- uses: docker/login-action@v3
  with:
    registry: ghcr.io
    username: octo
    password: ${{ secrets.TOKEN }}
- run: docker push ghcr.io/elsewhere/app && docker push ghcr.io/octo/app
"""
    ),
    "GitHub's container registry, a login that a cluster keeps": _step(
        """
- uses: docker/login-action@v3
  with:
    registry: ghcr.io
    username: octo
    password: ${{ secrets.TOKEN }}
- run: docker push ghcr.io/octo/app
- run: kubectl create secret generic pull --from-file=.dockerconfigjson=$HOME/.docker/config.json
"""
    ),
    "GitHub's container registry, images that another file names": _step(
        """
- uses: docker/login-action@v3
  with:
    registry: ghcr.io
    username: octo
    password: ${{ secrets.TOKEN }}
- run: docker push ghcr.io/octo/app && docker compose pull
"""
    ),
    "AWS, keys that a script is given by a variable": _step(
        """
- uses: aws-actions/configure-aws-credentials@v4
  with:
    aws-access-key-id: ${{ secrets.ID }}
    aws-secret-access-key: ${{ secrets.TOKEN }}
    aws-region: eu-central-1
- run: terraform apply
  env:
    TF_VAR_key: ${{ env.AWS_ACCESS_KEY_ID }}
"""
    ),
    "GitHub's container registry, images out of sight": _step(
        """
- uses: docker/login-action@v3
  with:
    registry: ghcr.io
    username: octo
    password: ${{ secrets.TOKEN }}
- run: make push
"""
    ),
    "a release with a tag of its own": _step(
        """
- uses: softprops/action-gh-release@v2
  with:
    tag_name: nightly
    token: ${{ secrets.TOKEN }}
"""
    ),
    "a release elsewhere": _step(
        """
- uses: softprops/action-gh-release@v2
  with:
    repository: octo/downloads
    token: ${{ secrets.TOKEN }}
"""
    ),
    "a release by hand": _step(
        """
- uses: softprops/action-gh-release@v2
  with:
    token: ${{ secrets.TOKEN }}
""",
        on="[push, workflow_dispatch]",
    ),
    "a checkout of a repository that is computed": _step(
        """
- uses: actions/checkout@v5
  with:
    repository: ${{ matrix.repository }}
    token: ${{ secrets.TOKEN }}
"""
    ),
    "a checkout with private submodules": _step(
        """
- uses: actions/checkout@v5
  with:
    submodules: recursive
    token: ${{ secrets.TOKEN }}
"""
    ),
    "a pull request in another checkout": _step(
        """
- uses: peter-evans/create-pull-request@v7
  with:
    path: charts
    token: ${{ secrets.TOKEN }}
"""
    ),
    "an action that is not known": _step(
        """
- uses: somebody/deploy@v1
  with:
    token: ${{ secrets.TOKEN }}
"""
    ),
    "a reusable workflow out of sight": """
on: push
jobs:
  main:
    uses: octo/shared/.github/workflows/publish.yml@v1
    secrets:
      TOKEN: ${{ secrets.TOKEN }}
""",
}
"""Where nothing is certain, nothing is said."""
