"""What a secret holds, by its name and by what gets it."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.call_graph import read_uses
from keyturn.first_setup.guesses import Guess, Sure, guess_secret
from keyturn.model import Use

# Names of secrets as public repositories have them, and what a name alone may be taken for.
SETTINGS = """
    AZURE_CLIENT_ID AZURE_TENANT_ID AZURE_SUBSCRIPTION_ID TFC_AZURE_CLIENT_ID TFC_AZURE_TENANT_ID
    TFC_AZURE_SUBSCRIPTION_ID ARM_CLIENT_ID ARM_TENANT_ID ARM_SUBSCRIPTION_ID AZURE_RESOURCE_GROUP
    AZURE_REGION AZURE_KEYVAULT_NAME AZURE_STORAGE_ACCOUNT AZURE_WEBAPP_NAME ACR_REGISTRY
    AWS_REGION AWS_DEFAULT_REGION AWS_ACCOUNT_ID AWS_ROLE_ARN AWS_OIDC_ROLE_ARN PROD_AWS_ROLE
    AWS_ROLE_TO_ASSUME AWS_SA_NAME AWS_SA_NAMESPACE AWS_S3_BUCKET S3_BUCKET_NAME
    CLOUDFRONT_DISTRIBUTION_ID EKS_CLUSTER_NAME ECR_REPOSITORY
    GCP_PROJECT GCP_PROJECT_ID GCP_FED_PROJECT_ID GCP_REGION GCP_FED_REGION GCP_KSA_NAME
    GCP_WORKLOAD_IDENTITY_PROVIDER WORKLOAD_IDENTITY_PROVIDER GKE_CLUSTER GKE_ZONE
    DOCKER_USERNAME DOCKERHUB_USERNAME DOCKER_USER DOCKER_HUB_USERNAME QUAY_USERNAME
    REGISTRY_USERNAME ARTIFACTORY_USERNAME CHECKMARX_USERNAME BROWSERSTACK_USERNAME SAUCE_USERNAME
    CHECKMARX_URL SONAR_HOST_URL POLARIS_SERVER_URL BITBUCKET_DATA_CENTER_API_URL VAULT_ADDR
    VAULT_URL TFC_VAULT_URL JIRA_BASE_URL SUPABASE_URL JF_URL ARTIFACTORY_URL KEYCLOAK_URL
    APP_ID BOT_APP_ID RELEASE_APP_ID GH_APP_ID APP_INSTALLATION_ID GIST_ID
    VERCEL_ORG_ID VERCEL_PROJECT_ID NETLIFY_SITE_ID CLOUDFLARE_ACCOUNT_ID CLOUDFLARE_ZONE_ID
    CF_ACCOUNT_ID FIREBASE_PROJECT_ID HEROKU_APP_NAME HEROKU_EMAIL
    SLACK_CHANNEL SLACK_CHANNEL_ID TELEGRAM_CHAT_ID DISCORD_GUILD_ID DISCORD_CHANNEL_ID
    APPLE_ID APPLE_TEAM_ID APPSTORE_ISSUER_ID APPLE_API_KEY_ID APP_STORE_CONNECT_API_KEY_ID
    NOTARIZATION_USERNAME CODESIGN_IDENTITY ANDROID_KEY_ALIAS SIGNING_KEY_ALIAS GPG_KEY_ID
    GPG_FINGERPRINT GIT_USER_EMAIL GIT_USER_NAME MAIL_USERNAME MAIL_TO SMTP_SERVER SMTP_PORT
    SSH_HOST SSH_USER SSH_USERNAME SSH_PORT SSH_KNOWN_HOSTS DEPLOY_HOST DEPLOY_USER SERVER_HOST
    REMOTE_HOST REMOTE_USER FTP_SERVER FTP_USERNAME HOST USERNAME PORT
    SENTRY_ORG SENTRY_PROJECT DATADOG_SITE_ID AKEYLESS_ACCESS_TYPE AUTH0_DOMAIN AUTH0_CLIENT_ID
    FIREBASE_AUTH_DOMAIN POSTGRES_USER DB_HOST DB_NAME SNOWFLAKE_USER GA_MEASUREMENT_ID
    ALGOLIA_APP_ID OKTA_CLIENT_ID TEST_GITHUB_SECOND_SMEE_URL
"""
CREDENTIALS = """
    DOCKER_PASSWORD DOCKERHUB_TOKEN CODECOV_TOKEN PRIVATE_KEY GH_APP_PRIVATE_KEY GH_PAT CR_PAT
    PAT GIST_TOKEN HOMEBREW_TAP_TOKEN WINGET_TOKEN NPM_TOKEN NODE_AUTH_TOKEN PYPI_PASSWORD
    PYPI_API_TOKEN CARGO_REGISTRY_TOKEN NUGET_API_KEY RUBYGEMS_API_KEY GORELEASER_KEY
    GITLEAKS_LICENSE SEMGREP_APP_TOKEN SONAR_TOKEN SNYK_TOKEN GITLAB_TOKEN BITBUCKET_CLOUD_TOKEN
    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY ACCESS_KEY_ID ACCESS_KEY_SECRET
    PROD_AWS_ACCESS_KEY_ID R2_ACCESS_KEY_ID B2_APPLICATION_KEY_ID AKEYLESS_ACCESS_ID
    ISC_CLIENT_ID SAIL_CLIENT_ID IDN_CLIENT_ID ISC_CLIENT_SECRET CHECKMARX_CLIENT_SECRET
    PUSHOVER_USER
    OSSRH_USERNAME SONATYPE_USERNAME MAVEN_CENTRAL_USERNAME MAVEN_USERNAME SES_SMTP_USERNAME
    SLACK_WEBHOOK SLACK_WEBHOOK_URL DISCORD_WEBHOOK_URL TEAMS_WEBHOOK_URL GOOGLE_CHAT_WEBHOOK_URL
    MATTERMOST_PUBLIC_CERTBOT_CHANNEL_WEBHOOK WEBHOOK_SECRET RENDER_DEPLOY_HOOK
    SENTRY_DSN AZURE_STORAGE_CONNECTION_STRING KUBECONFIG KUBE_CONFIG_DATA
    AZURE_CREDENTIALS LAUNCHPAD_CREDENTIALS GCP_SA_KEY GCP_SERVICE_ACCOUNT_KEY AWS_TEST_FARM_PEM
    APPLE_CERTIFICATE APPLE_CERTIFICATE_PASSWORD KEYCHAIN_PASSWORD P12_PASSWORD GPG_PASSPHRASE
    SSH_PRIVATE_KEY DEPLOY_KEY KEYSTORE ANDROID_KEYSTORE_BASE64 UNITY_LICENSE JWT_SECRET
    SECRET_NAME TOKEN_URL AUTH_TOKEN_ISSUER_URL WEBHOOK_CHANNEL
"""
OPEN = """
    DATABASE_URL POSTGRES_URL MONGODB_URI REDIS_URL DIRECT_URL CLOUDINARY_URL AMQP_URL
    RENDER_DEPLOY_HOOK_URL NETLIFY_BUILD_URL SLACK_URL DISCORD_URL HEALTHCHECKS_PING_URL
    LOGIC_APP_URL MAINNET_RPC_URL ETH_RPC_URL ALCHEMY_URL PIP_INDEX_URL UV_INDEX_URL HTTP_PROXY_URL
    GIT_REMOTE_URL SAS_URL UPLOAD_URL ENV ENV_FILE DOTENV PROD_ENV FIREBASE_CONFIG
    GOOGLE_SERVICES_JSON GCP_SERVICE_ACCOUNT AZURE_WEBAPP_PUBLISH_PROFILE VAULT_ROLE_ID SESSION_ID
    PROVISIONING_PROFILE GIT_REPO DEPLOY_REPOSITORY REDIS_ADDR
    SSH_KEY_SERVER SSH_KEY_USER API_KEY_ORG PAT_ORG GH_PAT_TEAM GCP_SA_KEY_PROJECT DB_PASS_HOST
    PROXY_HOST HTTP_PROXY_SERVER ATLAS_URI MSSQL_URL CLOUDAMQP_URL REDISCLOUD_URL COUCHDB_URL
    CELERY_BROKER_URL GRAFANA_LOKI_URL NTFY_URL KUMA_URL COOLIFY_URL PORTAINER_URL SNITCH_URL
    SERVICEBUS_ENDPOINT URL ENDPOINT
"""


@pytest.mark.parametrize("name", SETTINGS.split())
def test_a_name_that_says_it_is_a_setting_is_likely_one(name: str) -> None:
    guess = guess_secret(name, ())
    assert (guess.kind, guess.sure, guess.is_setting) == ("setting", Sure.LIKELY, True)


@pytest.mark.parametrize("name", [*CREDENTIALS.split(), *OPEN.split()])
def test_a_name_that_can_be_a_credential_is_none(name: str) -> None:
    guess = guess_secret(name, ())
    assert not guess.is_setting
    assert (guess.sure is Sure.UNSURE) == (name in OPEN.split())


def test_there_are_enough_names() -> None:
    names = f"{SETTINGS} {CREDENTIALS} {OPEN}".split()
    assert len(set(names)) == len(names) > 120


WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", max_size=20)


@given(WORDS, st.sampled_from(["TOKEN", "PASSWORD", "SECRET", "PRIVATE_KEY"]), WORDS)
def test_some_words_are_never_part_of_a_settings_name(before: str, word: str, after: str) -> None:
    assert guess_secret(before + word + after, ()).kind != "setting"


@given(st.text(max_size=60))
def test_any_text_is_judged(name: str) -> None:
    assert guess_secret(name, ()).why


class Files:
    """One workflow in memory."""

    def __init__(self, text: str) -> None:
        self.text = text

    def list_workflows(self) -> list[str]:
        return [".github/workflows/ci.yml"]

    def read(self, path: str) -> bytes | None:
        return self.text.encode() if path == ".github/workflows/ci.yml" else None


def guess(name: str, steps: str, *, job: str = "") -> Guess:
    """Guess what a secret of a workflow with these steps holds."""
    text = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n"
    text += textwrap.indent(textwrap.dedent(job), "    ")
    text += "    steps:\n" + textwrap.indent(textwrap.dedent(steps), "      ")
    uses = read_uses(Files(text))
    assert not uses.failures
    found: list[Use] = [use for use in uses.uses if use.name == name]
    assert found
    return guess_secret(name, found)


def action(uses: str, **inputs: str) -> str:
    lines = [f"    {key.replace('_', '-')}: ${{{{ secrets.{it} }}}}" for key, it in inputs.items()]
    return "\n".join([f"- uses: {uses}", "  with:", *lines, ""])


LOGIN = action("docker/login-action@v3", username="USER_OF_HUB", password="HUB")


@pytest.mark.parametrize(
    ("name", "steps", "kind", "sure", "issuer"),
    [
        # What takes it says more than the name.
        ("HUB", LOGIN, "credential", Sure.CERTAIN, "Docker Hub"),
        ("HUB_NAME", LOGIN.replace("USER_OF_HUB", "HUB_NAME"), "setting", Sure.CERTAIN, ""),
        ("USER_OF_HUB", LOGIN, "setting", Sure.LIKELY, ""),
        ("THING", LOGIN.replace("USER_OF_HUB", "THING"), "setting", Sure.LIKELY, ""),
        ("HUB_TOKEN", LOGIN.replace("USER_OF_HUB", "HUB_TOKEN"), "credential", Sure.LIKELY, ""),
        (
            "HUB_USER",
            LOGIN.replace("HUB }", "HUB_USER }"),
            "credential",
            Sure.CERTAIN,
            "Docker Hub",
        ),
        ("HUB", LOGIN + "    registry: ghcr.io\n", "github", Sure.CERTAIN, "GitHub"),
        (
            "HUB",
            LOGIN + "    registry: quay.io\n",
            "credential",
            Sure.CERTAIN,
            "Container registry",
        ),
        (
            "AZURE_CLIENT_ID",
            action("azure/login@v2", client_id="AZURE_CLIENT_ID"),
            "setting",
            Sure.CERTAIN,
            "",
        ),
        (
            "AZURE_CREDENTIALS",
            action("Azure/login@v2", creds="AZURE_CREDENTIALS"),
            "credential",
            Sure.CERTAIN,
            "Azure",
        ),
        (
            "PRIVATE_KEY",
            action("actions/create-github-app-token@v2", private_key="PRIVATE_KEY"),
            "credential",
            Sure.CERTAIN,
            "GitHub App",
        ),
        (
            "THE_APP",
            action("actions/create-github-app-token@v2", app_id="THE_APP"),
            "setting",
            Sure.LIKELY,
            "",
        ),
        (
            "BOT",
            action("actions/checkout@v5", token="BOT"),
            "github",
            Sure.CERTAIN,
            "GitHub",
        ),
        (
            "BOT",
            action("actions/checkout@v5", token="BOT")
            + "    github-server-url: https://g.acme.io\n",
            "credential",
            Sure.LIKELY,
            "",
        ),
        (
            "ROLE",
            action("aws-actions/configure-aws-credentials@v5", role_to_assume="ROLE"),
            "setting",
            Sure.CERTAIN,
            "",
        ),
        (
            "GCP_SERVICE_ACCOUNT",
            "- uses: google-github-actions/auth@v3\n"
            "  with: { service_account: '${{ secrets.GCP_SERVICE_ACCOUNT }}' }\n",
            "setting",
            Sure.LIKELY,
            "",
        ),
        (
            "GCP_SERVICE_ACCOUNT",
            "- uses: google-github-actions/auth@v3\n"
            "  with: { credentials_json: '${{ secrets.GCP_SERVICE_ACCOUNT }}' }\n",
            "credential",
            Sure.CERTAIN,
            "Google Cloud",
        ),
        # A name that speaks of somebody else.
        (
            "NPM_BOT",
            action("actions/checkout@v5", token="NPM_BOT"),
            "github",
            Sure.LIKELY,
            "GitHub",
        ),
        (
            "R2_ACCESS_KEY_ID",
            action(
                "aws-actions/configure-aws-credentials@v5", aws_access_key_id="R2_ACCESS_KEY_ID"
            ),
            "aws-iam",
            Sure.LIKELY,
            "AWS",
        ),
        # An action that nobody knows: its inputs' names speak, but not alone.
        ("THING", action("acme/deploy@v1", region="THING"), "setting", Sure.UNSURE, ""),
        ("MY_REGION", action("acme/deploy@v1", region="MY_REGION"), "setting", Sure.LIKELY, ""),
        ("MY_REGION", action("acme/deploy@v1", api_key="MY_REGION"), "credential", Sure.LIKELY, ""),
        ("LOGIN_URL", action("acme/deploy@v1", token="LOGIN_URL"), "credential", Sure.LIKELY, ""),
        # Two uses that disagree.
        (
            "SITE_URL",
            "- run: ./a.sh\n  env: { SITE: '${{ secrets.SITE_URL }}' }\n"
            "- run: ./b.sh\n  env: { SITE_TOKEN: '${{ secrets.SITE_URL }}' }\n",
            "credential",
            Sure.LIKELY,
            "",
        ),
        (
            "BOT",
            action("actions/checkout@v5", token="BOT")
            + action("codecov/codecov-action@v5", token="BOT"),
            "credential",
            Sure.UNSURE,
            "",
        ),
    ],
)
def test_the_consumer_says_more_than_the_name(
    name: str, steps: str, kind: str, sure: Sure, issuer: str
) -> None:
    found = guess(name, steps)
    assert (found.kind, found.sure, found.issuer) == (kind, sure, issuer), found


@pytest.mark.parametrize(
    ("script", "presented"),
    [
        ('deploy --region "$IT"', False),
        ('docker login -u "$IT" --password-stdin', False),
        ('curl -u "$IT:$OTHER" "$SITE"', False),
        ('curl -u "${IT}":"$OTHER" "$SITE"', False),
        ('ssh "$IT@host" true', False),
        ('mkdir -p "$IT"', False),
        ('curl "https://$IT:$OTHER@host"', False),
        ('curl "https://$IT/v1?x=$(cat token)"', False),
        ("echo $ITEM | base64", False),
        ('curl -H "Authorization: Bearer $IT" "$SITE"', True),
        ("curl -H 'X-Api-Key: '$IT $SITE", True),
        ('curl -u "$IT" "$SITE"', True),
        ('curl -u "$IT:" "$SITE"', True),
        ("curl -u $IT: $SITE", True),
        ('docker login -u me -p "$IT"', True),
        ('echo "$IT" | docker login -u me --password-stdin', True),
        ("echo ${IT} | base64 -d > key.json", True),
        ('git push "https://$IT@host/it"', True),
        ('git push "https://me:${IT}@host/it"', True),
        ("deploy --token=$IT", True),
        ("Invoke-It -Password $env:IT", True),
    ],
)
def test_what_a_script_logs_in_with_is_no_setting(script: str, presented: bool) -> None:
    step = f"- run: |\n    set -e\n    {script}\n  env: {{ IT: '${{{{ secrets.MAIN_HOST }}}}' }}\n"
    assert guess("MAIN_HOST", step).is_setting is not presented
    if "env:" in script or "ITEM" in script:
        return
    written = script.replace("${IT}", "$IT").replace("$IT", "${{ secrets.MAIN_HOST }}")
    assert guess("MAIN_HOST", f"- run: |\n    {written}\n").is_setting is not presented


@pytest.mark.parametrize(
    ("value", "setting"),
    [
        ("https://${{ secrets.MAIN_HOST }}/api", True),
        ("https://${{ secrets.MAIN_HOST }}@git.example", False),
        ("--host ${{ secrets.MAIN_HOST }} --token x", True),
        ("--token ${{ secrets.MAIN_HOST }}", False),
    ],
)
def test_a_longer_text_can_present_it_too(value: str, setting: bool) -> None:
    step = f"- uses: acme/deploy@v1\n  with: {{ args: '{value}' }}\n"
    assert guess("MAIN_HOST", step).is_setting is setting


def test_a_variable_of_the_whole_job_is_looked_for_in_its_steps() -> None:
    job = "env: { PLACE: '${{ secrets.MAIN_HOST }}' }\n"
    assert guess("MAIN_HOST", '- run: ping "$PLACE"\n', job=job).is_setting
    assert not guess("MAIN_HOST", "- run: deploy --token $PLACE\n", job=job).is_setting
    job = "env: { DEPLOY_TOKEN: '${{ secrets.MAIN_HOST }}' }\n"
    assert not guess("MAIN_HOST", "- run: ./deploy.sh\n", job=job).is_setting


def test_a_workflow_out_of_sight_takes_it_under_another_name() -> None:
    text = (
        "on: push\njobs:\n  far:\n    uses: octo/other/.github/workflows/x.yml@main\n"
        "    secrets: { api-token: '${{ secrets.MAIN_HOST }}', region: '${{ secrets.REGION }}' }\n"
    )
    uses = read_uses(Files(text)).uses
    assert guess_secret("REGION", [u for u in uses if u.name == "REGION"]).is_setting
    assert not guess_secret("MAIN_HOST", [u for u in uses if u.name == "MAIN_HOST"]).is_setting


@pytest.mark.parametrize(
    ("name", "kind", "part"),
    [
        ("AWS_ACCESS_KEY_ID", "aws-iam", "access-key-id"),
        ("PROD_AWS_SECRET_ACCESS_KEY", "aws-iam", "secret-access-key"),
        ("ISC_CLIENT_ID", "sailpoint", "client-id"),
        ("ISC_CLIENT_SECRET", "sailpoint", "client-secret"),
        ("GITLAB_TOKEN", "gitlab", None),
        ("AZURE_DEVOPS_PAT", "azure-devops", None),
        ("VSCE_PAT", "azure-devops", None),
        ("OVSX_PAT", "credential", None),
        ("GH_TOKEN", "github", None),
        ("SYNOPTIC_TOKEN", "synoptic", None),
        ("SLACK_BOT_TOKEN", "credential", None),
    ],
)
def test_a_name_tells_who_issued_it(name: str, kind: str, part: str | None) -> None:
    found = guess_secret(name, ())
    assert (found.kind, found.sure, found.part) == (kind, Sure.LIKELY, part)


def test_a_hostile_script_costs_little() -> None:
    many = " ".join(f"A{number}: '${{{{ secrets.MAIN_HOST }}}}'," for number in range(500))
    step = f"- run: '{'login $A1 ' * 50_000}'\n  env: {{ {many} }}\n"
    assert guess("MAIN_HOST", step).is_setting
