"""The formats of code hosts, builds, package registries, infrastructure and identity."""

from __future__ import annotations

from keyturn.scan.pattern import (
    ALNUM,
    CHECKSUM,
    FIXED,
    FORM,
    HEX,
    LOWER,
    NAME,
    STRUCTURE,
    UPPER,
    UUID,
    WORD,
    Pattern,
    context,
    fixed,
    mixed,
    run,
)

_AIKIDO = "help.aikido.dev, public API and CI tokens"
_AKEYLESS = "docs.akeyless.io, API key"
_ANACONDA = "docs.anaconda.com, anaconda.org access tokens"
_ANSIBLE = "docs.ansible.com, galaxy user guide, API token"
_APOLLO = "apollographql.com docs, GraphOS API keys"
_APPVEYOR = "appveyor.com docs, REST API, API keys"
_ATLASSIAN = "community.atlassian.com, 3093481, Atlassian team on token prefixes, 2026-11"
_ATLASSIAN_DC = "confluence.atlassian.com, Bitbucket Server, personal access tokens, 2026-11"
_ATLASSIAN_SERVICE = "support.atlassian.com, API tokens of service accounts"
_AUTH0 = "auth0.com docs, application settings, client secret"
_AZURE = "learn.microsoft.com, Azure DevOps, format of personal access tokens, 2026-11"
_AZURE_LEGACY = "github.com/microsoft/sarif-pattern-matcher, SEC101/102, 2026-11"
_BITBUCKET = "support.atlassian.com, Bitbucket Cloud, OAuth consumers"
_BITBUCKET_DC = "confluence.atlassian.com, Bitbucket Data Center, HTTP access tokens"
_BITRISE = "docs.bitrise.io, personal access tokens"
_BITWARDEN = "github.com/bitwarden/sdk-internal, auth/access_token.rs, 2026-11"
_BITWARDEN_CLIENT = "bitwarden.com help, personal API key"
_BROWSERSTACK = "browserstack.com docs, access key"
_BUILDKITE = "buildkite.com/docs/platform/security/tokens, 2026-11"
_CACHIX = "docs.cachix.org, signing key"
_CHROMATIC = "chromatic.com docs, project token"
_CIRCLECI = "circleci.com/changelog/new-format-for-api-access-tokens, 2026-11"
_CLOJARS = "github.com/clojars/clojars-web, src/clojars/db.clj, 2026-11"
_CLOUDSMITH = "docs.cloudsmith.com, API keys"
_CODACY = "docs.codacy.com, project and account API tokens"
_CODECOV = "github.com/codecov/codecov-api, core/models.py, 2026-11"
_CODEFRESH = "codefresh.io docs, API keys"
_CODER = "github.com/coder/coder, coderd/apikey/apikey.go, 2026-11"
_CONFIGCAT = "configcat.com docs, SDK keys"
_CONSUL = "developer.hashicorp.com, Consul, HTTP API, ACL tokens, 2026-11"
_COVERALLS = "docs.coveralls.io, repo token"
_CRATES = "github.com/rust-lang/crates.io, token.rs, access_token.rs, 2026-11"
_CROWDIN = "support.crowdin.com, personal access tokens"
_CYPRESS = "docs.cypress.io, record key"
_DENO = "docs.deno.com, deploy access tokens"
_DEVCYCLE = "docs.devcycle.com, SDK keys"
_DOCKER = "docs.docker.com/reference/api/hub/latest, access tokens, 2026-11"
_DOCKER_SWARM = "github.com/moby/swarmkit, ca/config.go; docker/cli, swarm unlock-key, 2026-11"
_DOPPLER = "docs.doppler.com, auth token formats"
_DOTENV = "dotenv.org docs, DOTENV_KEY"
_DRONE = "docs.drone.io, API overview"
_ENDOR = "docs.endorlabs.com, API keys"
_FLAGSMITH = "docs.flagsmith.com, server-side SDK keys"
_FOSSA = "docs.fossa.com, API tokens"
_GITEA = "github.com/go-gitea/gitea, models/auth/access_token.go, 2026-11"
_GITEA_RUNNER = "github.com/go-gitea/gitea, models/actions/runner_token.go, 2026-11"
_GITHUB = "docs.github.com, about authentication to GitHub, token formats, 2026-11"
_GITHUB_APP = "github.blog changelog 2026-05-15, longer installation tokens, 2026-11"
_GITHUB_OAUTH = "docs.github.com, creating an OAuth app, client secret"
_GITLAB = "docs.gitlab.com/security/tokens, token prefixes, 2026-11"
_GITLAB_RUNNER = "gitlab source, runners_token_prefixable.rb, 2026-11"
_GITPOD = "github.com/gitpod-io/gitpod, auth/personal_access_token.go, 2026-11"
_GRAFANA = "github.com/grafana/grafana, components/satokengen/tokengen.go, 2026-11"
_GRAFANA_CLOUD = "grafana.com docs, Grafana Cloud, access policies"
_GRAFANA_KEY = "github.com/grafana/grafana, components/apikeygen/apikeygen.go, 2026-11"
_HARNESS = "github.com/harness/cli, pkg/auth/auth.go, 2026-11"
_HCP = "developer.hashicorp.com, HCP service principal keys"
_HEX_PM = "github.com/hexpm/hexpm, accounts/auth.ex, 2026-11"
_INFISICAL = "infisical source, service tokens, universal auth, 2026-11"
_INFRACOST = "infracost.io docs, API key"
_JENKINS = "github.com/jenkinsci/jenkins, ApiTokenStore.java, 2026-11"
_JETBRAINS = "jetbrains.com/help/youtrack/devportal, permanent token authorization, 2026-11"
_JFROG = "docs.jfrog.com/user-management/docs/identity-tokens, 2026-11"
_JFROG_ACCESS = "docs.jfrog.com, access tokens"
_JFROG_KEY = "docs.jfrog.com, API key"
_JUMPCLOUD = "docs.jumpcloud.com, API key"
_K3S = "docs.k3s.io/cli/token, 2026-11"
_KONG = "developer.konghq.com, Konnect access tokens"
_KUBECONFIG = "kubernetes.io docs, kubeconfig (v1), 2026-11"
_KUBERNETES = "kubernetes.io docs, authenticating with bootstrap tokens, 2026-11"
_KUBERNETES_ACCOUNT = "kubernetes.io docs, managing service accounts"
_LAMBDATEST = "lambdatest.com support docs, access key"
_LAUNCHDARKLY = "launchdarkly.com/docs/home/account/environment/keys, 2026-11"
_LAUNCHDARKLY_API = "launchdarkly.com docs, API access tokens"
_MAVEN = "maven.apache.org, settings reference, servers"
_MERGIFY = "docs.mergify.com, API application keys"
_NETBIRD = "github.com/netbirdio/netbird, types/personal_access_token.go, 2026-11"
_NETLIFY = "answers.netlify.com/t/106146, authentication token format, 2026-11"
_NETLIFY_LEGACY = "docs.netlify.com, personal access tokens"
_NGROK = "ngrok.com docs, authtokens and API keys"
_NOMAD = "developer.hashicorp.com, Nomad, HTTP API, ACL tokens, 2026-11"
_NPM = "github.blog/security, announcing npm's new access token format, 2026-11"
_NPMRC = "docs.npmjs.com, .npmrc, auth related configuration, 2026-11"
_NUGET = "github.com/NuGet/NuGetGallery, ApiKeyV4.cs, 2026-11"
_NUGET_CONFIG = "learn.microsoft.com, nuget.config reference, 2026-11"
_NX = "nx.dev docs, CI access tokens"
_OCTOPUS = "octopus.com docs, how to create an API key"
_OKTA = "developer.okta.com, create an API token, 2026-11"
_ONEPASSWORD = "developer.1password.com, service account tokens"
_OPENSHIFT = "docs.openshift.com, OAuth access tokens"
_OPENVSX = "open-vsx.org, token prefix, announced 2025-10"
_ORY = "ory.com/docs/security-compliance/token-formats, 2026-11"
_PACKAGIST = "github.com/packagist/private-packagist-docs, composer-authentication.md, 2026-11"
_PERCY = "browserstack.com docs, Percy project token"
_PHABRICATOR = "github.com/phacility/phabricator, PhabricatorConduitToken.php, 2026-11"
_PHASE = "docs.phase.dev, service tokens"
_PORTAINER = "github.com/portainer/portainer, api/apikey/service.go, 2026-11"
_POSTMAN = "learning.postman.com, API keys, collection access keys"
_PREFECT = "docs.prefect.io, API keys"
_PULUMI = "github.com/pulumi/docs, pull 12146, access tokens API, 2026-11"
_PUPPET = "forgeapi.puppet.com, authentication"
_PYPI = "github.com/pypi/warehouse, macaroons/services.py, 2026-11"
_QUAY = "docs.redhat.com, Quay, robot accounts"
_RANCHER = "ranchermanager.docs.rancher.com, API tokens"
_README = "docs.readme.com, API keys"
_RUBYGEMS = "github.com/rubygems/rubygems.org, concerns/api_keyable.rb, 2026-11"
_SAILPOINT = "github.com/sailpoint-oss/api-specs, personal access tokens, 2026-11"
_SAUCE = "docs.saucelabs.com, access key"
_SEMAPHORE = "docs.semaphore.io, API authentication"
_SEMGREP = "semgrep.dev docs, SEMGREP_APP_TOKEN"
_SENTRY = "github.com/getsentry/sentry, types/token.py, orgauthtoken_token.py, 2026-11"
_SNYK = "github.com/snyk/go-application-framework, pkg/auth, 2026-11"
_SOCKET = "docs.socket.dev, API tokens"
_SONAR = "github.com/SonarSource/sonarqube, TokenGeneratorImpl.java, 2026-11"
_SONATYPE = "central.sonatype.org, user tokens"
_SOURCEGRAPH = "github.com/sourcegraph, accesstoken/personal_access_token.go, 2026-11"
_SOURCEGRAPH_OTHER = "sourcegraph.com docs, gateway and license tokens"
_SPACELIFT = "docs.spacelift.io, API keys"
_STACKHAWK = "docs.stackhawk.com, API key"
_STATSIG = "docs.statsig.com/api-reference/keys/create-key, 2026-11"
_SYNOPTIC_PATHS = "docs.synopticdata.com, push streaming and credential API"
_SYNOPTIC = "docs.synopticdata.com, credential API, data access credentials, 2026-11"
_YARN = "yarnpkg.com, configuration, npmAuthToken"
_TAILSCALE = "tailscale.com/docs/reference/key-prefixes, 2026-11"
_TEAMCITY = "jetbrains.com help, TeamCity access tokens"
_TEMPORAL = "docs.temporal.io, Temporal Cloud API keys"
_TERRAFORM = "developer.hashicorp.com, HCP Terraform API, user tokens, 2026-11"
_TRANSIFEX = "developers.transifex.com, authentication"
_TRAVIS = "docs.travis-ci.com, API token"
_UNLEASH = "docs.getunleash.io, API tokens and client keys, format, 2026-11"
_VAULT = "developer.hashicorp.com, Vault, concepts, tokens, 2026-11"
_VAULT_UNSEAL = "developer.hashicorp.com, Vault, operator init"
_VERCEL = "vercel.com/changelog/new-token-formats-and-secret-scanning, 2026-11"
_VERCEL_LEGACY = "vercel.com docs, REST API, access tokens"
_WAKATIME = "wakatime.com, API key"
_WEBLATE = "github.com/WeblateOrg/weblate, utils/token.py, 2026-11"
_WORKOS = "workos.com docs, API keys"
_ZUPLO = "zuplo.com/docs/articles/api-key-best-practices, 2026-11"

_BASE64 = "A-Za-z0-9+/"
_PADDED = "A-Za-z0-9+/="
_JWT_END = r"\.[A-Za-z0-9_-]{20,1400}\.[A-Za-z0-9_-]{20,700}(?![A-Za-z0-9_-])"


def assigned(names: str, value: str) -> str:
    """Return the expression of a value that is only told by the very name it is given to."""
    return rf"(?i:{names})[\"'\\\]]{{0,4}}\s{{0,3}}(?:=>|:=|[:=>,])\s{{0,3}}[\"'\\]{{0,2}}({value})"


ROWS: tuple[Pattern, ...] = (
    fixed(
        "1password-service-account", "ops_eyJ", run(f"+/={NAME}", 200, 3000), _ONEPASSWORD
    )._replace(reach=4096),
    fixed(
        "1password-secret-key",
        "A3-",
        r"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}(?![A-Z0-9-])",
        _ONEPASSWORD,
    ),
    fixed("aikido-ci-token", "AIK_CI_", run(ALNUM, 20, 64), _AIKIDO),
    fixed("aikido-client-secret", "AIK_SECRET_", run(ALNUM, 64), _AIKIDO),
    context("akeyless-access-key", "akeyless", rf"[{_BASE64}]{{43}}=(?![{_PADDED}])", _AKEYLESS),
    context(
        "anaconda-token",
        "anaconda.org anaconda_api anaconda_token",
        f"[a-z]{{2}}-{UUID}",
        _ANACONDA,
    ),
    context(
        "ansible-galaxy-token",
        "galaxy.ansible.com ansible_galaxy galaxy_token galaxy_api",
        run(HEX, 40),
        _ANSIBLE,
    ),
    context(
        "apollo-graph-key",
        "apollo_key apollographql",
        r"(?:service|user):[A-Za-z0-9_.-]{1,80}:" + run(NAME, 22),
        _APOLLO,
    ),
    context("appveyor-api-token", "appveyor", r"v2\." + run(ALNUM, 20), _APPVEYOR),
    fixed("atlassian-api-token", "ATATT3", run(f"={NAME}", 60, 400), _ATLASSIAN, "atlassian"),
    fixed("atlassian-access-token", "ATCTT3", run(f"={NAME}", 60, 400), _ATLASSIAN, "atlassian"),
    fixed(
        "atlassian-service-token",
        "ATSTT3",
        run(f"={NAME}", 60, 400),
        _ATLASSIAN_SERVICE,
        "atlassian",
    ),
    # Base64 of twelve digits, a colon, twenty bytes.
    context(
        "atlassian-data-center-token",
        "jira confluence atlassian bamboo",
        rf"(?:[MNO][A-Za-z][A-Za-z0-9][A-Za-z0-9]){{4}}O[g-v][{_BASE64}]{{26}}(?![{_PADDED}])",
        _ATLASSIAN_DC,
    ),
    context("auth0-client-secret", "auth0", mixed(NAME, 64), _AUTH0),
    # The signature stands in the middle: characters 77 to 80 of 84.
    Pattern(
        "azure-devops-pat",
        ("AZDO",),
        r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])",
        STRUCTURE,
        _AZURE,
        "azure-devops",
        lead=76,
    ),
    # Nothing announces it but its length and its checksum.
    Pattern(
        "azure-devops-pat-legacy",
        ("[a-z2-7]{52}",),
        run("a-z2-7", 52),
        CHECKSUM,
        _AZURE_LEGACY,
        "azure-devops-legacy",
        lead=52,
    ),
    fixed("bitbucket-app-password", "ATBB", run(ALNUM, 32), _ATLASSIAN, "atlassian"),
    fixed("bitbucket-data-center-token", "BBDC-", run(_PADDED, 40, 64), _BITBUCKET_DC),
    context("bitbucket-oauth-secret", "bitbucket", mixed(ALNUM, 32), _BITBUCKET),
    context("bitrise-access-token", "bitrise", mixed(NAME, 60, 120), _BITRISE),
    context(
        "bitwarden-access-token",
        "bws_ bitwarden",
        rf"0\.[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\.[A-Za-z0-9]{{30}}:[{_BASE64}]{{22}}(?:==)?(?![{_PADDED}])",
        _BITWARDEN,
    ),
    context(
        "bitwarden-client-secret", "bw_clientsecret bitwarden", mixed(ALNUM, 30), _BITWARDEN_CLIENT
    ),
    context(
        "browserstack-access-key",
        "browserstack",
        assigned("key|token", run(ALNUM, 20)),
        _BROWSERSTACK,
        3.4,
    ),
    fixed("buildkite-agent-job-token", "bkaj_", run(f".{NAME}", 150, 900), _BUILDKITE),
    fixed("buildkite-agent-session-token", "bkaa_", run(f".{NAME}", 60, 120), _BUILDKITE),
    fixed("buildkite-agent-token", "bkar_", run(f".{NAME}", 60, 120), _BUILDKITE),
    fixed(
        "buildkite-api-token", "bkua_", r"(?:[A-Za-z0-9]{1,12}\.)?" + run(ALNUM, 40, 64), _BUILDKITE
    ),
    fixed("buildkite-cluster-token", "bkct_", run(f".{NAME}", 60, 120), _BUILDKITE),
    fixed("buildkite-package-token", "bkpt_", run(f".{NAME}", 100, 400), _BUILDKITE),
    fixed("buildkite-portal-secret", "bkps_", run(f".{NAME}", 40, 100), _BUILDKITE),
    fixed("buildkite-portal-token", "bkpat_", run(f".{NAME}", 40, 100), _BUILDKITE),
    context("cachix-signing-key", "cachix", rf"[{_BASE64}]{{86}}==", _CACHIX),
    fixed("chromatic-project-token", "chpt_", run(LOWER, 12, 40), _CHROMATIC),
    fixed(
        "circleci-personal-token",
        "CCIPAT_",
        r"[1-9A-HJ-NP-Za-km-z]{20,24}_" + run(HEX, 40),
        _CIRCLECI,
    ),
    fixed(
        "circleci-project-token",
        "CCIPRJ_",
        r"[1-9A-HJ-NP-Za-km-z]{20,24}_" + run(HEX, 40),
        _CIRCLECI,
    ),
    context("circleci-legacy-token", "circleci circle_token circle-token", run(HEX, 40), _CIRCLECI),
    fixed("clojars-deploy-token", "CLOJARS_", run(HEX, 60), _CLOJARS),
    fixed("cloudsmith-api-key", "csa_", r"[a-f0-9]{30}" + run(ALNUM, 6), _CLOUDSMITH),
    context("cloudsmith-legacy-key", "cloudsmith", run(HEX, 40), _CLOUDSMITH),
    context("codacy-token", "codacy", run(HEX, 32), _CODACY),
    context("codecov-upload-token", "codecov", UUID, _CODECOV),
    context("codefresh-api-key", "codefresh", r"[a-f0-9]{24}\." + run(HEX, 32), _CODEFRESH),
    context(
        "coder-session-token",
        "coder_session coder-session coder.com //coder.",
        r"[A-Za-z0-9]{10}-" + run(ALNUM, 22),
        _CODER,
    ),
    fixed(
        "configcat-sdk-key", "configcat-sdk-1/", r"[A-Za-z0-9_-]{22}/" + run(NAME, 22), _CONFIGCAT
    ),
    context(
        "consul-token", "consul_http_token x-consul-token consul_token //consul", UUID, _CONSUL
    ),
    context("coveralls-repo-token", "coveralls", mixed(ALNUM, 32, 37), _COVERALLS),
    context(
        "crates-io-token",
        "//crates.io crates-io crates_io cargo_registr [registry]",
        "cio(?:_tp_)?" + run(ALNUM, 32, 64),
        _CRATES,
    ),
    context("crowdin-token", "crowdin", run(HEX, 80), _CROWDIN),
    context("cypress-record-key", "cypress_record cypress.io", UUID, _CYPRESS),
    fixed("deno-deploy-organization-token", "ddo_", run(ALNUM, 36, 64), _DENO),
    fixed("deno-deploy-token", "ddp_", run(ALNUM, 36, 64), _DENO),
    fixed("devcycle-server-key", "dvc_server_", run(WORD, 20, 80), _DEVCYCLE),
    fixed("docker-hub-organization-token", "dckr_oat_", run(NAME, 24, 64), _DOCKER),
    fixed("docker-hub-token", "dckr_pat_", run(NAME, 24, 64), _DOCKER),
    fixed("docker-swarm-join-token", "SWMTKN-1-", r"[a-z0-9]{50}-" + run(LOWER, 25), _DOCKER_SWARM),
    fixed("docker-swarm-unlock-key", "SWMKEY-1-", run(_BASE64, 43), _DOCKER_SWARM),
    fixed("doppler-audit-token", "dp.audit.", run(ALNUM, 40, 44), _DOPPLER),
    fixed("doppler-cli-token", "dp.ct.", run(ALNUM, 40, 44), _DOPPLER),
    fixed("doppler-personal-token", "dp.pt.", run(ALNUM, 40, 44), _DOPPLER),
    fixed("doppler-scim-token", "dp.scim.", run(ALNUM, 40, 44), _DOPPLER),
    fixed("doppler-service-account-identity-token", "dp.said.", run(ALNUM, 40, 44), _DOPPLER),
    fixed("doppler-service-account-token", "dp.sa.", run(ALNUM, 40, 44), _DOPPLER),
    fixed(
        "doppler-service-token", "dp.st.", r"(?:[a-z0-9_-]{2,60}\.)?" + run(ALNUM, 40, 44), _DOPPLER
    ),
    fixed("dotenv-vault-key", "dotenv://:key_", r"([a-f0-9]{64})@", _DOTENV),
    fixed(
        "dotenvx-private-key",
        "DOTENV_PRIVATE_KEY",
        r"(?:_[A-Z0-9_]{1,40})?[\"']?\s{0,3}[:=]\s{0,3}[\"']?(" + run(HEX, 64) + ")",
        _DOTENV,
    ),
    context(
        "drone-token",
        "drone_token drone_server drone_rpc droneci drone.io //drone.",
        mixed(ALNUM, 32),
        _DRONE,
    ),
    Pattern("endor-labs-key", ("endr+",), r"endr\+" + run(f"{ALNUM}-", 16, 32), FIXED, _ENDOR),
    context("flagsmith-server-key", "flagsmith", r"ser\." + run(ALNUM, 22), _FLAGSMITH),
    context("fossa-api-key", "fossa", run(HEX, 32), _FOSSA),
    context(
        "gitea-runner-token",
        "gitea forgejo act_runner",
        "(?=[a-f0-9]{0,39}[A-Zg-z])" + run(ALNUM, 40),
        _GITEA_RUNNER,
    ),
    context("gitea-token", "gitea forgejo codeberg", run(HEX, 40), _GITEA),
    # 36 letters and digits before April 2026, an app's number and a JWT since.
    fixed(
        "github-app-installation", "ghs_", run(f".{NAME}", 36, 1500), _GITHUB_APP, "github"
    )._replace(reach=2048),
    fixed("github-app-refresh", "ghr_", run(ALNUM, 36, 90), _GITHUB, "github"),
    fixed("github-app-user", "ghu_", run(ALNUM, 36), _GITHUB, "github"),
    fixed("github-oauth", "gho_", run(ALNUM, 36), _GITHUB, "github"),
    context(
        "github-oauth-client-secret",
        "github_client github_oauth github_app github_secret github_id login/oauth auth/github "
        "github.oauth github-oauth",
        run(HEX, 40),
        _GITHUB_OAUTH,
    ),
    fixed("github-pat-classic", "ghp_", run(ALNUM, 36), _GITHUB, "github"),
    fixed("github-pat-fine-grained", "github_pat_", run(WORD, 82, 255), _GITHUB),
    fixed("gitlab-agent-token", "glagent-", run(NAME, 50, 100), _GITLAB),
    fixed("gitlab-deploy-token", "gldt-", run(NAME, 20, 64), _GITLAB),
    fixed("gitlab-feature-flags-token", "glffct-", run(NAME, 20, 64), _GITLAB),
    fixed("gitlab-feed-token", "glft-", run(NAME, 20, 100), _GITLAB),
    fixed("gitlab-incoming-mail-token", "glimt-", run(NAME, 25, 64), _GITLAB),
    fixed("gitlab-job-token", "glcbt-", run(f".{NAME}", 20, 1500), _GITLAB)._replace(reach=2048),
    fixed("gitlab-oauth-secret", "gloas-", run(NAME, 64, 128), _GITLAB),
    fixed(
        "gitlab-pat",
        "glpat-",
        r"[A-Za-z0-9_-]{20,320}(?:(?:\.[0-9a-z]{2})?\.[0-9a-z]{9})?(?![A-Za-z0-9_-])",
        _GITLAB,
        "gitlab",
    ),
    fixed("gitlab-runner-registration", "GR1348941", run(NAME, 20, 64), _GITLAB_RUNNER),
    fixed(
        "gitlab-runner-token",
        "glrt-",
        r"[A-Za-z0-9_-]{20,320}(?:(?:\.[0-9a-z]{2})?\.[0-9a-z]{9})?(?![A-Za-z0-9_-])",
        _GITLAB,
        "gitlab",
    ),
    fixed(
        "gitlab-runner-token-registered",
        "glrtr-",
        r"[A-Za-z0-9_-]{20,320}(?:(?:\.[0-9a-z]{2})?\.[0-9a-z]{9})?(?![A-Za-z0-9_-])",
        _GITLAB,
        "gitlab",
    ),
    fixed("gitlab-scim-token", "glsoat-", run(NAME, 20, 64), _GITLAB),
    fixed("gitlab-session-cookie", "_gitlab_session=", run(LOWER, 32), _GITLAB),
    fixed("gitlab-trigger-token", "glptt-", run(NAME, 40, 320), _GITLAB),
    fixed("gitlab-workspace-token", "glwt-", run(NAME, 20, 320), _GITLAB),
    fixed(
        "gitpod-access-token",
        "gitpod_pat_",
        r"[A-Za-z0-9_-]{30,64}\." + run(ALNUM, 30, 64),
        _GITPOD,
    ),
    fixed("grafana-api-key", "eyJrIjoi", run(_PADDED, 40, 500), _GRAFANA_KEY),
    fixed("grafana-cloud-token", "glc_eyJ", run(_PADDED, 40, 500), _GRAFANA_CLOUD),
    fixed(
        "grafana-service-account",
        "glsa_",
        r"[A-Za-z0-9]{32}_" + run("A-Fa-f0-9", 8),
        _GRAFANA,
        "grafana",
    ),
    fixed(
        "harness-personal-token",
        "pat.",
        r"[A-Za-z0-9_-]{22}\.[a-f0-9]{24}\." + run(ALNUM, 20),
        _HARNESS,
        proof=STRUCTURE,
    ),
    fixed(
        "harness-service-token",
        "sat.",
        r"[A-Za-z0-9_-]{22}\.[a-f0-9]{24}\." + run(ALNUM, 20),
        _HARNESS,
        proof=STRUCTURE,
    ),
    context(
        "hcp-client-secret",
        "hcp_client idp.hashicorp.com cloud.hashicorp.com",
        mixed(NAME, 64),
        _HCP,
    ),
    context("hex-pm-api-key", "hex_api_key hex.pm", run(HEX, 32), _HEX_PM),
    context("infisical-client-secret", "infisical", run(HEX, 64), _INFISICAL),
    context(
        "infisical-service-token",
        "infisical",
        r"st\.[a-f0-9-]{24,36}\.[a-f0-9]{32}(?:\.[a-f0-9]{32})?(?![A-Za-z0-9])",
        _INFISICAL,
    ),
    fixed("infracost-api-key", "ico-", run(ALNUM, 32), _INFRACOST),
    context("jenkins-api-token", "jenkins", "11" + run(HEX, 32), _JENKINS),
    Pattern(
        "jetbrains-hub-token",
        ("perm:", "perm-"),
        r"perm[:-][A-Za-z0-9+/=]{4,80}\.[A-Za-z0-9+/=-]{4,80}\." + run(ALNUM, 30),
        FIXED,
        _JETBRAINS,
    ),
    Pattern(
        "jfrog-access-token",
        ("eyJ2ZXIiOiIyIiwidHlwIjoiSldUI",),
        r"eyJ2ZXIiOiIyIiwidHlwIjoiSldUI[A-Za-z0-9_-]{10,200}" + _JWT_END,
        STRUCTURE,
        _JFROG_ACCESS,
        "signed",
        reach=3000,
    ),
    fixed("jfrog-api-key", "AKCp", run(ALNUM, 64, 73), _JFROG_KEY),
    fixed("jfrog-reference-token", "cmVmd", run(ALNUM, 59), _JFROG),
    fixed("jumpcloud-api-key", "jca_", run(ALNUM, 36, 64), _JUMPCLOUD),
    context("jumpcloud-legacy-key", "jumpcloud", mixed(ALNUM, 40), _JUMPCLOUD),
    Pattern(
        "k3s-token",
        ("::server:", "::node:"),
        r"K10[a-f0-9]{64}::(?:server|node):" + run(ALNUM, 16, 64),
        STRUCTURE,
        _K3S,
        lead=67,
    ),
    fixed("kong-konnect-token", "kpat_", run(ALNUM, 40, 64), _KONG),
    fixed("kong-konnect-system-token", "spat_", run(ALNUM, 40, 64), _KONG),
    context(
        "kubernetes-bootstrap-token",
        "kubeadm bootstrap.kubernetes.io bootstrap-token bootstraptoken",
        r"[a-z0-9]{6}\." + run(LOWER, 16),
        _KUBERNETES,
    ),
    # Base64 of a PEM private key.
    Pattern(
        "kubernetes-client-key",
        ("client-key-data",),
        r"client-key-data[\"'\\]{0,4}\s{0,4}:\s{0,4}[\"'\\]{0,4}("
        + "LS0tLS1CRUdJTi"
        + run(_PADDED, 100, 9000)
        + ")",
        FIXED,
        _KUBECONFIG,
        reach=9500,
    ),
    # `kubernetes.io` in base64, at each of the three places where it may begin.
    Pattern(
        "kubernetes-service-account",
        ("a3ViZXJuZXRlcy5pb", "t1YmVybmV0ZXMuaW8", "rdWJlcm5ldGVzLmlv"),
        r"eyJ[A-Za-z0-9_-]{20,400}" + _JWT_END,
        STRUCTURE,
        _KUBERNETES_ACCOUNT,
        "signed",
        lead=1600,
        reach=2200,
    ),
    context("lambdatest-access-key", "lambdatest lt_access_key", mixed(ALNUM, 50), _LAMBDATEST),
    context(
        "launchdarkly-api-token", "launchdarkly launch_darkly", "api-" + UUID, _LAUNCHDARKLY_API
    ),
    context(
        "launchdarkly-sdk-key", "launchdarkly launch_darkly ld_sdk", "sdk-" + UUID, _LAUNCHDARKLY
    ),
    context(
        "maven-central-token",
        "sonatype ossrh maven_central mavencentral",
        assigned("password|token", run(_BASE64, 32, 64)),
        _SONATYPE,
    ),
    context(
        "maven-settings-password",
        "<server> <servers>",
        r"<password>([^<>{}$\s]{8,200})</password>",
        _MAVEN,
    ),
    fixed("mergify-application-key", "mergify_application_key_", run(NAME, 40, 200), _MERGIFY),
    fixed("netbird-access-token", "nbp_", run(ALNUM, 36), _NETBIRD, "crc32-base62"),
    Pattern(
        "netlify-token",
        ("nfp_", "nfc_", "nfo_", "nfu_", "nfb_"),
        "nf[pcoub]_" + run(ALNUM, 36, 64),
        FIXED,
        _NETLIFY,
    ),
    context("netlify-legacy-token", "netlify", mixed(NAME, 43), _NETLIFY_LEGACY),
    context("ngrok-token", "ngrok", r"[A-Za-z0-9]{27}_" + run(ALNUM, 20, 22), _NGROK),
    context("nomad-token", "nomad_token x-nomad-token //nomad", UUID, _NOMAD),
    fixed("npm-access-token", "npm_", run(ALNUM, 36), _NPM, "crc32-base62"),
    fixed("npm-legacy-token", "_authToken", rf"[\"']?\s{{0,3}}[=:]\s{{0,3}}[\"']?({UUID})", _NPMRC),
    # Yarn's name, and what people call it in a job; the token itself says nothing.
    Pattern(
        "npm-legacy-token-variable",
        ("npmAuthToken", "NPM_TOKEN", "NPM_AUTH_TOKEN", "NODE_AUTH_TOKEN"),
        r"(?:npmAuthToken|NPM_TOKEN|NPM_AUTH_TOKEN|NODE_AUTH_TOKEN)"
        rf"[\"'\\]{{0,4}}\s{{0,3}}[=:]\s{{0,3}}[\"'\\]{{0,4}}({UUID})",
        FORM,
        _YARN,
    ),
    context(
        "nuget-api-key", "nuget powershellgallery psgallery", "oy2[a-p]" + run("a-z2-7", 42), _NUGET
    ),
    fixed(
        "nuget-clear-text-password",
        "ClearTextPassword",
        r"[\"']\s{1,9}value\s{0,3}=\s{0,3}[\"']([^\"'%${}<>\s]{8,200})[\"']",
        _NUGET_CONFIG,
    ),
    # Base64 of a UUID and `|read-write`.
    Pattern(
        "nx-cloud-token",
        ("fHJlYWQtd3JpdGU",),
        r"[A-Za-z0-9+/]{48}fHJlYWQtd3JpdGU=?",
        STRUCTURE,
        _NX,
        lead=48,
    ),
    fixed("octopus-deploy-api-key", "API-", run(UPPER, 25, 32), _OCTOPUS),
    context("okta-api-token", "okta", "00" + run(NAME, 40), _OKTA),
    fixed("openshift-token", "sha256~", run(NAME, 43), _OPENSHIFT),
    Pattern("openvsx-token", ("ovsxp_", "ovsxat_"), "ovsx(?:p|at)_" + UUID, FIXED, _OPENVSX),
    Pattern(
        "ory-access-token",
        ("ory_pat_", "ory_apikey_", "ory_wak_"),
        "ory_(?:pat|apikey|wak)_" + run(NAME, 32, 80),
        FIXED,
        _ORY,
    ),
    fixed(
        "packagist-organization-token",
        "packagist_o",
        "[ru]t_" + run(HEX, 68),
        _PACKAGIST,
        "packagist",
    ),
    fixed("packagist-user-token", "packagist_uut_", run(HEX, 68), _PACKAGIST, "packagist"),
    fixed("packagist-conductor-token", "packagist_cut_", run(HEX, 68), _PACKAGIST, "packagist"),
    context(
        "percy-token",
        "percy_token percy.io",
        "(?:(?:app|auto|res|ss|vmw|web)_)?" + run(HEX, 64),
        _PERCY,
    ),
    context(
        "phabricator-conduit-token",
        "phabricator conduit phorge arcrc",
        "(?:api|cli|tmp)-" + run(LOWER, 28),
        _PHABRICATOR,
    ),
    Pattern(
        "phase-token",
        ("pss_service:v", "pss_user:v"),
        r"pss_(?:service|user):v\d{1,2}:[a-f0-9]{64}:[a-f0-9]{64}:[a-f0-9]{64}:" + run(HEX, 64),
        FIXED,
        _PHASE,
    ),
    context("portainer-token", "portainer", "ptr_" + run(_PADDED, 40, 48), _PORTAINER),
    fixed("postman-api-key", "PMAK-", r"[a-f0-9]{24}-" + run(HEX, 34), _POSTMAN),
    fixed("postman-collection-key", "PMAT-", run(UPPER, 26), _POSTMAN),
    fixed("prefect-service-key", "pnb_", run(ALNUM, 36, 64), _PREFECT),
    fixed("prefect-user-key", "pnu_", run(ALNUM, 36, 64), _PREFECT),
    fixed("pulumi-access-token", "pul-", run(HEX, 40, 64), _PULUMI),
    context(
        "puppet-forge-api-key", "puppet_forge forgeapi blacksmith_forge", run(HEX, 64), _PUPPET
    ),
    # A macaroon's head: version, location, identifier.
    fixed("pypi-token", "pypi-AgEIcHlwaS5vcmc", run(NAME, 50, 1200), _PYPI)._replace(
        check="signed", reach=2048
    ),
    fixed("pypi-test-token", "pypi-AgENdGVzdC5weXBpLm9yZw", run(NAME, 50, 1200), _PYPI)._replace(
        check="signed", reach=2048
    ),
    context("quay-robot-token", "quay.io quay_", mixed(UPPER, 64), _QUAY),
    fixed("rancher-token", "token-", r"[a-z0-9]{5}:" + run(LOWER, 54), _RANCHER),
    fixed("readme-api-key", "rdme_", run(LOWER, 70), _README),
    fixed("rubygems-api-key", "rubygems_", run(HEX, 48), _RUBYGEMS),
    context(
        "sailpoint-client-secret",
        "sailpoint identitynow identitysecuritycloud sail_client sail_base sail_pat sail_secret "
        "isc_client isc_pat isc_secret isc_token isc_api idn_client idn_secret",
        run(HEX, 64),
        _SAILPOINT,
    ),
    context("sauce-labs-access-key", "saucelabs sauce_access sauce_key", UUID, _SAUCE),
    context(
        "semaphore-api-token",
        "semaphoreci semaphore_api semaphore_token",
        assigned("token", run(NAME, 20)),
        _SEMAPHORE,
        3.5,
    ),
    context("semgrep-app-token", "semgrep", run(HEX, 64), _SEMGREP),
    fixed("sentry-app-token", "sntrya_", run(HEX, 64), _SENTRY),
    fixed("sentry-integration-token", "sntryi_", run(HEX, 64), _SENTRY),
    context(
        "sentry-legacy-token", "sentry_auth sentry.io sentry-cli sentryclirc", run(HEX, 64), _SENTRY
    ),
    fixed(
        "sentry-organization-token",
        "sntrys_eyJ",
        r"[A-Za-z0-9+/=_-]{20,600}_" + run(f"+/{NAME}", 43),
        _SENTRY,
    ),
    fixed("sentry-user-token", "sntryu_", run(HEX, 64), _SENTRY),
    context("snyk-api-token", "snyk", UUID, _SNYK),
    # Its payload holds a row of `A`.
    Pattern(
        "snyk-access-token",
        ("snyk_uat.", "snyk_sat."),
        r"snyk_[us]at\.[a-z0-9]{8}\.[A-Za-z0-9_-]{20,600}\." + run(NAME, 40, 400),
        STRUCTURE,
        _SNYK,
        "signed",
    ),
    fixed("socket-api-token", "sktsec_", run(NAME, 40, 80), _SOCKET),
    Pattern("sonar-token", ("squ_", "sqp_", "sqa_"), "sq[upa]_" + run(HEX, 40), FIXED, _SONAR),
    context(
        "sonar-legacy-token",
        "sonar_token sonar_login sonar.login sonar.token sonarcloud sonarqube",
        run(HEX, 40),
        _SONAR,
    ),
    fixed(
        "sourcegraph-access-token",
        "sgp_",
        r"(?:(?:[a-fA-F0-9]{16}|local)_)?" + run("A-Fa-f0-9", 40),
        _SOURCEGRAPH,
    ),
    fixed("sourcegraph-gateway-token", "sgd_", run(HEX, 64), _SOURCEGRAPH_OTHER),
    fixed("sourcegraph-license-token", "slk_", run(HEX, 64), _SOURCEGRAPH_OTHER),
    context("spacelift-api-secret", "spacelift", run(HEX, 64), _SPACELIFT),
    fixed("stackhawk-api-key", "hawk.", r"[A-Za-z0-9_-]{20}\." + run(NAME, 20), _STACKHAWK),
    context(
        "statsig-server-key", "statsig", rf"(?:secret|console)-({run(ALNUM, 40, 64)})", _STATSIG
    ),
    Pattern(
        "synoptic-url-token",
        ("synopticdata.com/", "synopticlabs.org/"),
        r"synoptic(?:data\.com|labs\.org)/(?:feed|auth/v2/token|v2/auth/token)/"
        "([A-Za-z0-9]{25,45})(?![A-Za-z0-9])",
        FORM,
        _SYNOPTIC_PATHS,
    ),
    context(
        "synoptic-token",
        "synoptic mesopy mesonet mesowest",
        run(HEX, 32),
        _SYNOPTIC,
    ),
    # A word has no digit, and no capitals in a row.
    context(
        "synoptic-api-key",
        "synoptic mesopy mesonet mesowest",
        r"(?=[A-Za-z]{0,44}(?:[0-9]|[a-z][A-Z]{2}|[A-Z][a-z][A-Z]))" + run(ALNUM, 25, 45),
        _SYNOPTIC,
        3.6,
    ),
    fixed("tailscale-api-token", "tskey-api-", run(NAME, 20, 100), _TAILSCALE),
    fixed("tailscale-auth-key", "tskey-auth-", run(NAME, 20, 100), _TAILSCALE),
    fixed("tailscale-oauth-secret", "tskey-client-", run(NAME, 20, 100), _TAILSCALE),
    fixed("tailscale-scim-key", "tskey-scim-", run(NAME, 20, 100), _TAILSCALE),
    fixed("tailscale-webhook-secret", "tskey-webhook-", run(NAME, 20, 100), _TAILSCALE),
    fixed(
        "teamcity-access-token",
        "eyJ0eXAiOiAiVENWMiJ9.",
        r"[A-Za-z0-9_-]{20,80}\." + run(NAME, 30, 80),
        _TEAMCITY,
    ),
    Pattern(
        "temporal-cloud-api-key",
        (".eyJhY2NvdW50X2lkIjoi",),
        r"eyJ[A-Za-z0-9_-]{20,120}\.eyJhY2NvdW50X2lkIjoi[A-Za-z0-9_-]{40,800}\."
        + run(NAME, 60, 120),
        STRUCTURE,
        _TEMPORAL,
        "signed",
        lead=128,
        reach=1200,
    ),
    Pattern(
        "terraform-cloud-token",
        (".atlasv1.",),
        r"[A-Za-z0-9]{14}\.atlasv1\." + run(f"={NAME}", 60, 80),
        FIXED,
        _TERRAFORM,
        lead=14,
    ),
    context(
        "transifex-api-token",
        "transifex_ api.transifex rest.transifex transifexrc",
        "1/" + run(HEX, 40),
        _TRANSIFEX,
    ),
    context(
        "travis-api-token",
        "travis_ travis-ci",
        assigned("token", run(NAME, 22)),
        _TRAVIS,
        3.5,
    ),
    context(
        "unleash-api-token",
        "unleash",
        r"(?:user:|(?:\*|\[\]|[a-z0-9_-]{1,60}):[a-z0-9_-]{1,60}\.)" + run(HEX, 56, 64),
        _UNLEASH,
    ),
    fixed("vault-batch-token", "hvb.", run(NAME, 24, 900), _VAULT),
    context(
        "vault-legacy-token",
        "vault_token x-vault-token vault_addr vault-token //vault",
        r"[sbr]\." + run(ALNUM, 24),
        _VAULT,
    ),
    fixed("vault-recovery-token", "hvr.", run(NAME, 24, 300), _VAULT),
    fixed("vault-service-token", "hvs.", run(NAME, 24, 300), _VAULT),
    context(
        "vault-unseal-key", "unseal", rf"[{_BASE64}]{{43}}[{_PADDED}](?![{_PADDED}])", _VAULT_UNSEAL
    ),
    fixed("vercel-access-token", "vcp_", run(NAME, 56), _VERCEL, "vercel"),
    fixed("vercel-api-key", "vck_", run(NAME, 56), _VERCEL, "vercel"),
    fixed("vercel-app-refresh-token", "vcr_", run(NAME, 56), _VERCEL, "vercel"),
    fixed("vercel-app-token", "vca_", run(NAME, 56), _VERCEL, "vercel"),
    fixed("vercel-integration-token", "vci_", run(NAME, 56), _VERCEL, "vercel"),
    context(
        "vercel-legacy-token",
        "vercel_ api.vercel.com",
        assigned("token", run(ALNUM, 24)),
        _VERCEL_LEGACY,
        3.6,
    ),
    fixed("wakatime-api-key", "waka_", UUID, _WAKATIME),
    Pattern("weblate-token", ("wlu_", "wlp_"), "wl[up]_" + run(ALNUM, 36, 40), FIXED, _WEBLATE),
    Pattern(
        "workos-api-key",
        ("sk_live_a2V5X", "sk_test_a2V5X"),
        r"sk_(?:live|test)_a2V5X" + run(_PADDED, 40, 120),
        FIXED,
        _WORKOS,
    ),
    fixed("zuplo-api-key", "zpka_", r"[a-z0-9]{32}_" + run(HEX, 8), _ZUPLO, "crc32-hex"),
)
