"""PURE: what names of secrets and inputs of actions say about the values; tables and nothing else.

A row is only here where it holds for everybody: what can be both stands nowhere. Names are compared
word by word, so that `APP_ID` is no part of `GRAPP_ID`.
"""

from __future__ import annotations

SETTING = "setting"
"""No credential at all: an id, an address, a region, a user name, a channel."""
REGISTRY = "registry"
"""A password of the container registry that the step names."""

GITHUB = "GitHub"
AWS = "AWS"
SAILPOINT = "SailPoint"
PROVIDERS = {
    GITHUB: "github",
    "GitLab": "gitlab",
    AWS: "aws-iam",
    "Azure DevOps": "azure-devops",
    SAILPOINT: "sailpoint",
    "Synoptic": "synoptic",
}
"""Issuers that keyturn can ask, and what the configuration calls them."""

PARTS = {
    "aws-iam": {
        "ACCESS_KEY_ID": "access-key-id",
        "SECRET_ACCESS_KEY": "secret-access-key",
        "SECRET_KEY": "secret-access-key",
        "ACCESS_KEY": "access-key-id",
    },
    "sailpoint": {"CLIENT_ID": "client-id", "CLIENT_SECRET": "client-secret"},
}
"""How the names of two secrets end that are one token; the longer ending comes first."""

CREDENTIAL_TEXTS = (
    "TOKEN", "PASSW", "PASSPHRASE", "SECRET", "PRIVATE", "CREDENTIAL", "CREDS", "APIKEY",
    "WEBHOOK", "CONNECTION_STRING", "CONNSTR", "KUBECONFIG", "KUBE_CONFIG", "BEARER", "COOKIE",
    "MNEMONIC", "DOCKERCONFIG", "DOCKER_CONFIG", "KEYSTORE_BASE64", "SIGNATURE",
)  # fmt: skip
"""Wherever a name holds one of these it is never taken for a setting by itself."""
CREDENTIAL_WORDS = frozenset(
    {
        "KEY", "KEYS", "PAT", "PATS", "PASS", "PWD", "AUTH", "JWT", "CRED", "PEM", "PFX", "P12",
        "PKCS12", "JKS", "KEYSTORE", "DSN", "SAS", "HOOK", "HOOKS", "OTP", "TOTP", "SEED", "CERT",
        "CERTIFICATE", "LICENSE", "LICENCE", "NPMRC", "PYPIRC", "NETRC", "SALT", "PIN", "HASH",
    }
)  # fmt: skip
"""A name that ends in one of these holds a credential."""
PAIR_ENDS = ("ACCESS_KEY_ID", "ACCESS_KEY", "ACCESS_ID", "APPLICATION_KEY_ID", "B2_KEY_ID")
"""The public half of a key pair: it changes whenever the other half does."""
PAIRS = (
    ("CLIENT_ID", frozenset({"ISC", "SAIL", "SAILPOINT", "IDN", "IDENTITYNOW"})),
    # A publisher's user name can be one half of a token (Sonatype); Amazon SES takes a key's id,
    # and Pushover a key.
    ("USERNAME", frozenset({"OSSRH", "SONATYPE", "MAVEN", "CENTRAL", "NEXUS", "SES"})),
    ("USER", frozenset({"OSSRH", "SONATYPE", "MAVEN", "CENTRAL", "NEXUS", "SES", "PUSHOVER"})),
)
"""An end of a name that is half of a pair, where one of the words stands in it too."""

ADDRESS_ENDS = ("URL", "URI", "ENDPOINT", "ADDR")
ADDRESS_SIGNS = frozenset(
    {
        # which address it is
        "BASE", "HOST", "SERVER", "API", "SITE", "WEBSITE", "WEB", "APP", "FRONTEND", "PUBLIC",
        "HOMEPAGE", "ISSUER", "TENANT", "REGISTRY", "CONSOLE", "DASHBOARD", "DOCS", "S3", "SMEE",
        # products that nobody gets into by their address
        "SONAR", "SONARQUBE", "SONARCLOUD", "CHECKMARX", "POLARIS", "BITBUCKET", "GITHUB", "GITLAB",
        "GITEA", "VAULT", "JIRA", "CONFLUENCE", "ATLASSIAN", "SUPABASE", "JF", "JFROG", "NEXUS",
        "ARTIFACTORY", "HARBOR", "KEYCLOAK", "OKTA", "AUTH0", "TESTRAIL", "TFE", "GRAFANA",
        "ARGOCD", "RANCHER", "OPENAI", "MINIO", "R2",
    }
)  # fmt: skip
"""Only an address whose name holds one of these words is taken for a setting by its name."""
ADDRESS_DOUBTS = frozenset(
    {
        # databases, queues and mail: the password stands in the address
        "DATABASE", "DB", "MONGO", "MONGODB", "REDIS", "POSTGRES", "POSTGRESQL", "PG", "MYSQL",
        "MARIADB", "SQL", "SQLALCHEMY", "JDBC", "AMQP", "RABBITMQ", "KAFKA", "NATS", "NEO4J",
        "CLICKHOUSE", "SNOWFLAKE", "ORACLE", "ELASTIC", "ELASTICSEARCH", "OPENSEARCH", "CLOUDINARY",
        "SENTRY", "DSN", "CONNECTION", "DIRECT", "SHADOW", "PRISMA", "NEON", "CACHE", "SMTP",
        "MAIL", "MAILER", "LDAP", "FTP", "SFTP", "PROXY", "JAWSDB", "LOKI", "BROKER", "MSSQL",
        # whoever knows the address may do what it does
        "HOOK", "HOOKS", "DEPLOY", "BUILD", "TRIGGER", "CALLBACK", "NOTIFY", "NOTIFICATION",
        "NOTIFICATIONS", "ALERT", "ALERTS", "APPRISE", "SHOUTRRR", "SLACK", "DISCORD", "TEAMS",
        "FEISHU", "LARK", "DINGTALK", "WECOM", "WECHAT", "MATTERMOST", "CHAT", "GCHAT", "ZAPIER",
        "IFTTT", "LOGIC", "FLOW", "N8N", "PING", "HEARTBEAT", "HEALTHCHECK", "HEALTHCHECKS", "HC",
        "UPTIME", "CRON", "STATUS", "MONITOR", "MONITORING", "SAS", "SIGNED", "PRESIGNED", "BLOB",
        "STORAGE", "UPLOAD", "DOWNLOAD", "BACKUP", "INVITE", "JOIN", "LICENSE", "FEED", "ICAL",
        "CALENDAR", "PUSH", "INGEST", "FUNCTION", "LAMBDA", "SUBSCRIPTION",
        # nodes of chains: the address holds the key
        "RPC", "NODE", "PROVIDER", "INFURA", "ALCHEMY", "QUICKNODE", "ETH", "MAINNET", "TESTNET",
        "SEPOLIA", "GOERLI", "POLYGON", "FORK", "WS", "WSS", "WEBSOCKET",
        # packages and code: the address may hold a token
        "INDEX", "GIT", "REPO", "REPOSITORY", "REMOTE", "CLONE", "MIRROR",
    }
)  # fmt: skip
"""An address whose name holds one of these words may be a credential all the same."""

SETTING_ENDS = (
    # ids
    "APP_ID", "APPLICATION_ID", "CLIENT_ID", "TENANT_ID", "SUBSCRIPTION_ID", "ACCOUNT_ID",
    "ORG_ID", "ORGANIZATION_ID", "TEAM_ID", "PROJECT_ID", "SITE_ID", "ZONE_ID", "WORKSPACE_ID",
    "CHANNEL_ID", "CHAT_ID", "DISTRIBUTION_ID", "INSTALLATION_ID", "INSTANCE_ID", "CLUSTER_ID",
    "GROUP_ID", "USER_ID", "GUILD_ID", "EXTENSION_ID", "PRODUCT_ID", "BUNDLE_ID", "SERVICE_ID",
    "TRACKING_ID", "MEASUREMENT_ID", "PROPERTY_ID", "ISSUER_ID", "GIST_ID", "SPACE_ID",
    "DIRECTORY_ID", "SPREADSHEET_ID", "APPLE_ID", "GPG_KEY_ID", "SIGNING_KEY_ID", "APPLE_KEY_ID",
    "APPLE_API_KEY_ID", "CONNECT_KEY_ID", "CONNECT_API_KEY_ID", "ASC_KEY_ID", "KMS_KEY_ID",
    # places
    "REGION", "ZONE", "LOCATION", "HOST", "HOSTNAME", "PORT", "SERVER", "DOMAIN", "CNAME",
    "REGISTRY", "KNOWN_HOSTS", "FINGERPRINT", *ADDRESS_ENDS,
    # people and channels
    "USERNAME", "USER", "USER_NAME", "EMAIL", "EMAIL_ADDRESS", "MAIL_FROM", "MAIL_TO", "RECIPIENT",
    "RECIPIENTS", "CHANNEL", "ROOM",
    # things
    "BUCKET", "NAMESPACE", "RESOURCE_GROUP", "CLUSTER", "PROJECT", "ORG", "ORGANIZATION", "TEAM",
    "WORKSPACE", "ECR_REPOSITORY", "IMAGE_REPOSITORY", "BRANCH", "IMAGE", "NAME", "ROLE",
    "ROLE_ARN", "ARN", "ROLE_TO_ASSUME", "IDENTITY_PROVIDER", "STORAGE_ACCOUNT", "ALIAS", "VERSION",
    "ACCESS_TYPE", "SIGNING_IDENTITY", "CODESIGN_IDENTITY",
)  # fmt: skip
"""A name that ends in one of these words holds no credential, unless something else says so."""
NAMING_ENDS = ("ID", "NAME", "EMAIL", "ALIAS", "FINGERPRINT", "ARN", "VERSION")
"""`SSH_KEY_NAME` names a key; `SSH_KEY_SERVER` may be the key for a server."""
DOUBTED_WORDS = CREDENTIAL_WORDS - {"AUTH"} | {"PROXY"}
"""What ends in a word that names no key, and has one of these before it, may be a credential."""

_S = SETTING
_SSH = {"host": _S, "username": _S, "port": _S, "fingerprint": _S, "key": "SSH key",
        "password": "SSH password", "passphrase": "SSH key"}  # fmt: skip
_GIT_TOKEN = {"token": GITHUB, "github-token": GITHUB, "github_token": GITHUB}

ACTIONS: dict[str, dict[str, str]] = {
    "docker/login-action": {"username": _S, "registry": _S, "password": REGISTRY},
    "azure/docker-login": {"login-server": _S, "username": _S, "password": "Azure registry"},
    "codecov/codecov-action": {"token": "Codecov", "env.CODECOV_TOKEN": "Codecov"},
    "coverallsapp/github-action": {"github-token": GITHUB},
    "actions/create-github-app-token": {
        "app-id": _S, "client-id": _S, "owner": _S, "private-key": "GitHub App",
    },
    "tibdex/github-app-token": {
        "app_id": _S, "installation_id": _S, "private_key": "GitHub App",
    },
    "aws-actions/configure-aws-credentials": {
        "aws-region": _S, "role-to-assume": _S, "role-session-name": _S, "audience": _S,
        "aws-access-key-id": AWS, "aws-secret-access-key": AWS,
    },
    "azure/login": {
        "client-id": _S, "tenant-id": _S, "subscription-id": _S, "creds": "Azure",
    },
    "azure/webapps-deploy": {"app-name": _S, "publish-profile": "Azure publish profile"},
    "azure/functions-action": {"app-name": _S, "publish-profile": "Azure publish profile"},
    "azure/static-web-apps-deploy": {
        "azure_static_web_apps_api_token": "Azure Static Web Apps",
    },
    "azure/k8s-set-context": {"kubeconfig": "Kubernetes"},
    "google-github-actions/auth": {
        "workload_identity_provider": _S, "service_account": _S, "project_id": _S,
        "credentials_json": "Google Cloud",
    },
    "hashicorp/vault-action": {
        "url": _S, "role": _S, "namespace": _S, "token": "Vault", "roleid": "Vault",
        "secretid": "Vault",
    },
    "hashicorp/setup-terraform": {"cli_config_credentials_token": "HCP Terraform"},
    "pulumi/actions": {"env.PULUMI_ACCESS_TOKEN": "Pulumi"},
    "pypa/gh-action-pypi-publish": {
        "user": _S, "repository-url": _S, "repository_url": _S, "password": "PyPI",
    },
    "js-devtools/npm-publish": {"token": "npm"},
    "katyo/publish-crates": {"registry-token": "crates.io"},
    "actions/checkout": {
        "token": GITHUB, "ssh-key": "SSH key", "ssh-known-hosts": _S, "repository": _S,
    },
    "actions/github-script": {"github-token": GITHUB},
    "actions/add-to-project": {"github-token": GITHUB, "project-url": _S},
    "peter-evans/create-pull-request": _GIT_TOKEN,
    "peter-evans/repository-dispatch": {**_GIT_TOKEN, "repository": _S},
    "peter-evans/create-or-update-comment": _GIT_TOKEN,
    "softprops/action-gh-release": {"token": GITHUB, "env.GITHUB_TOKEN": GITHUB},
    "googleapis/release-please-action": _GIT_TOKEN,
    "goreleaser/goreleaser-action": {
        "env.GITHUB_TOKEN": GITHUB, "env.HOMEBREW_TAP_TOKEN": GITHUB,
        "env.GORELEASER_KEY": "GoReleaser licence",
    },
    "vedantmgoyal9/winget-releaser": _GIT_TOKEN,
    "vedantmgoyal2009/winget-releaser": _GIT_TOKEN,
    "andymckay/append-gist-action": {"token": GITHUB},
    "schneegans/dynamic-badges-action": {"auth": GITHUB, "gistid": _S},
    "peaceiris/actions-gh-pages": {
        "personal_token": GITHUB, "github_token": GITHUB, "deploy_key": "SSH key", "cname": _S,
    },
    "jamesives/github-pages-deploy-action": {"token": GITHUB, "ssh-key": "SSH key"},
    "ad-m/github-push-action": _GIT_TOKEN,
    "slackapi/slack-github-action": {
        "token": "Slack", "webhook": "Slack", "channel-id": _S, "env.SLACK_WEBHOOK_URL": "Slack",
        "env.SLACK_BOT_TOKEN": "Slack",
    },
    "8398a7/action-slack": {"env.SLACK_WEBHOOK_URL": "Slack"},
    "rtcamp/action-slack-notify": {"env.SLACK_WEBHOOK": "Slack", "env.SLACK_CHANNEL": _S},
    "mattermost/action-mattermost-notify": {"mattermost_webhook_url": "Mattermost"},
    "appleboy/telegram-action": {"to": _S, "token": "Telegram"},
    "appleboy/ssh-action": _SSH,
    "appleboy/scp-action": _SSH,
    "webfactory/ssh-agent": {"ssh-private-key": "SSH key"},
    "shimataro/ssh-key-action": {"key": "SSH key", "known_hosts": _S},
    "samkirkland/ftp-deploy-action": {
        "server": _S, "username": _S, "port": _S, "password": "FTP",
    },
    "cloudflare/wrangler-action": {"apitoken": "Cloudflare", "accountid": _S},
    "cloudflare/pages-action": {"apitoken": "Cloudflare", "accountid": _S, "projectname": _S},
    "amondnet/vercel-action": {
        "vercel-token": "Vercel", "vercel-org-id": _S, "vercel-project-id": _S,
    },
    "nwtgck/actions-netlify": {"env.NETLIFY_AUTH_TOKEN": "Netlify", "env.NETLIFY_SITE_ID": _S},
    "firebaseextended/action-hosting-deploy": {
        "firebaseserviceaccount": "Google Cloud", "projectid": _S, "repotoken": GITHUB,
    },
    "superfly/flyctl-actions": {"env.FLY_API_TOKEN": "Fly.io"},
    "akhileshns/heroku-deploy": {
        "heroku_api_key": "Heroku", "heroku_app_name": _S, "heroku_email": _S,
    },
    "sonarsource/sonarqube-scan-action": {"env.SONAR_TOKEN": "Sonar", "env.SONAR_HOST_URL": _S},
    "sonarsource/sonarcloud-github-action": {"env.SONAR_TOKEN": "Sonar"},
    "returntocorp/semgrep-action": {"env.SEMGREP_APP_TOKEN": "Semgrep"},
    "gitleaks/gitleaks-action": {"env.GITLEAKS_LICENSE": "Gitleaks licence"},
    "checkmarx-ts/checkmarx-cxflow-github-action": {
        "checkmarx_url": _S, "checkmarx_username": _S, "project": _S, "team": _S,
        "checkmarx_password": "Checkmarx", "checkmarx_client_secret": "Checkmarx",
    },
    "crazy-max/ghaction-import-gpg": {
        "gpg_private_key": "GPG key", "passphrase": "GPG key", "fingerprint": _S,
    },
    "apple-actions/import-codesign-certs": {
        "p12-file-base64": "Apple certificate", "p12-password": "Apple certificate",
    },
    "apple-actions/upload-testflight-build": {
        "issuer-id": _S, "api-key-id": _S, "api-private-key": "Apple",
    },
}  # fmt: skip
"""Action -> input in lower case, or `env.VARIABLE` -> a setting, or who issues what it takes."""

ISSUERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Slack", ("SLACK",)),
    ("Discord", ("DISCORD",)),
    ("Telegram", ("TELEGRAM",)),
    ("Mattermost", ("MATTERMOST",)),
    ("Microsoft Teams", ("TEAMS_WEBHOOK", "MSTEAMS")),
    ("Coveralls", ("COVERALLS",)),
    ("Codecov", ("CODECOV",)),
    ("Codacy", ("CODACY",)),
    ("Sonar", ("SONAR", "SONARQUBE", "SONARCLOUD")),
    ("Snyk", ("SNYK",)),
    ("Semgrep", ("SEMGREP",)),
    ("Checkmarx", ("CHECKMARX",)),
    ("Polaris", ("POLARIS",)),
    ("Gitleaks licence", ("GITLEAKS_LICENSE",)),
    ("GoReleaser licence", ("GORELEASER_KEY",)),
    ("Azure DevOps", ("AZURE_DEVOPS", "AZDO", "ADO_PAT", "VSCE", "VSCE_PAT", "AZURE_PAT")),
    ("Open VSX", ("OVSX",)),
    ("GitHub App", ("APP_PRIVATE_KEY", "GH_APP", "GITHUB_APP")),
    ("GitLab", ("GITLAB", "GL_TOKEN")),
    ("Bitbucket", ("BITBUCKET",)),
    (SAILPOINT, ("ISC", "SAIL", "SAILPOINT", "IDENTITYNOW", "IDN")),
    ("Synoptic", ("SYNOPTIC",)),
    ("Docker Hub", ("DOCKERHUB", "DOCKER_HUB", "DOCKER")),
    ("Quay", ("QUAY",)),
    ("npm", ("NPM", "NODE_AUTH", "NPMJS")),
    ("PyPI", ("PYPI", "TWINE", "TEST_PYPI")),
    ("crates.io", ("CARGO", "CRATES", "CRATES_IO")),
    ("RubyGems", ("RUBYGEMS", "GEM_HOST", "RUBYGEM")),
    ("NuGet", ("NUGET",)),
    ("Maven Central", ("OSSRH", "SONATYPE", "MAVEN", "MAVEN_CENTRAL")),
    ("Chocolatey", ("CHOCO", "CHOCOLATEY")),
    ("Launchpad or Snapcraft", ("LAUNCHPAD", "SNAPCRAFT", "SNAP")),
    ("JFrog", ("ARTIFACTORY", "JFROG", "JF")),
    ("Gradle", ("GRADLE",)),
    ("Google Cloud", ("GCP", "GCLOUD", "GOOGLE", "GOOGLE_CLOUD", "GKE")),
    ("Firebase", ("FIREBASE",)),
    ("Azure Static Web Apps", ("AZURE_STATIC_WEB_APPS",)),
    ("Azure publish profile", ("PUBLISH_PROFILE",)),
    ("Azure", ("AZURE", "ARM")),
    ("Akeyless", ("AKEYLESS",)),
    ("Vault", ("VAULT",)),
    ("HCP Terraform", ("TERRAFORM", "TFC", "TF_API")),
    ("Pulumi", ("PULUMI",)),
    ("Scaleway", ("SCW", "SCALEWAY")),
    ("DigitalOcean", ("DIGITALOCEAN", "DO_TOKEN")),
    ("Cloudflare", ("CLOUDFLARE", "CF_API")),
    ("Vercel", ("VERCEL",)),
    ("Netlify", ("NETLIFY",)),
    ("Fly.io", ("FLY",)),
    ("Heroku", ("HEROKU",)),
    ("Sentry", ("SENTRY",)),
    ("Datadog", ("DATADOG", "DD")),
    ("Grafana", ("GRAFANA",)),
    ("OpenAI", ("OPENAI",)),
    ("Anthropic", ("ANTHROPIC", "CLAUDE")),
    ("Kubernetes", ("KUBECONFIG", "KUBE", "KUBERNETES")),
    ("Cosign", ("COSIGN",)),
    ("GPG key", ("GPG",)),
    ("Apple", ("APPLE", "MACOS", "NOTARIZATION", "APP_STORE")),
    ("Storage", ("R2", "B2", "BACKBLAZE", "MINIO", "WASABI", "SPACES", "STORJ", "CEPH")),
    (AWS, ("AWS",)),
    (GITHUB, ("GH", "GITHUB", "GHCR", "HOMEBREW", "HOMEBREW_TAP", "TAP", "WINGET", "GIST",
              "PERSONAL_ACCESS_TOKEN", "RELEASE_PLEASE", "CR_PAT", "PAT")),
    ("SSH key", ("SSH", "DEPLOY_KEY")),
    ("Database", ("DATABASE", "DB", "POSTGRES", "MYSQL", "MONGODB", "MONGO", "REDIS")),
)  # fmt: skip
"""Who issues a credential, by words of its name; the first row that fits."""
