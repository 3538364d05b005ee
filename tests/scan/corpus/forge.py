"""Code hosts, builds, package registries, infrastructure, identity: as their vendors document.

Where a format cannot be told without what stands around it, the sample holds that too.
"""

from __future__ import annotations

import base64
import json
import string
import zlib
from collections.abc import Callable, Mapping
from random import Random

from tests.scan.corpus.sample import (
    ALNUM,
    BASE64,
    HEX,
    LOWER,
    UPPER,
    URLSAFE,
    Sample,
    draw,
)

Make = Callable[[Random], str]

BASE32 = string.ascii_lowercase + "234567"
BASE58 = "".join(c for c in ALNUM if c not in "0OIl")
WORD = ALNUM + "_"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE36 = string.digits + string.ascii_lowercase


def after(prefix: str, alphabet: str, length: int, end: str = "") -> Make:
    return lambda random: prefix + draw(random, alphabet, length) + end


def parts(*pieces: str | tuple[str, int]) -> Make:
    return lambda random: "".join(p if isinstance(p, str) else draw(random, *p) for p in pieces)


def between(alphabet: str, shortest: int, longest: int) -> Make:
    return lambda random: draw(random, alphabet, random.randint(shortest, longest))


def digits(number: int, alphabet: str, length: int) -> str:
    text = ""
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        text = alphabet[digit] + text
    return text


def with_crc62(prefix: str, alphabet: str, length: int) -> Make:
    def make(random: Random) -> str:
        body = draw(random, alphabet, length)
        return prefix + body + digits(zlib.crc32(body.encode()), _DIGITS, 6)

    return make


def with_crc_hex(prefix: str, alphabet: str, length: int, form: str) -> Make:
    def make(random: Random) -> str:
        text = prefix + draw(random, alphabet, length) + ("=" if "=" in form else "")
        return text + format(zlib.crc32(text.encode()), form.lstrip("="))

    return make


def uuid(random: Random) -> str:
    h = draw(random, HEX, 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{random.choice('89ab')}{h[17:20]}-{h[20:]}"


def after_uuid(prefix: str) -> Make:
    return lambda random: prefix + uuid(random)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwt(header: Mapping[str, object], payload: Mapping[str, object], signature: int) -> Make:
    def make(random: Random) -> str:
        claims = {k: uuid(random) if v is None else v for k, v in payload.items()}
        words = [encoded(json.dumps(d, separators=(",", ":")).encode()) for d in (header, claims)]
        return ".".join([*words, draw(random, URLSAFE, signature)])

    return make


def github_installation(random: Random) -> str:
    claims = {"aud": None, "sub": None, "iat": 1777000000, "exp": 1777003600, "installation": None}
    token = jwt({"alg": "RS256", "typ": "JWT", "kid": "a1"}, claims, 342)(random)
    return f"ghs_{random.randint(1000, 3_000_000)}_{token}"


def gitlab_routable(prefix: str, version: str) -> Make:
    def make(random: Random) -> str:
        route = f"c:1\no:{random.randint(1, 900)}\nu:{digits(random.getrandbits(20), _BASE36, 4)}"
        payload = encoded(route.encode() + random.randbytes(16) + b"\x10")
        text = f"{prefix}{payload}.{version}{digits(len(payload), _BASE36, 2)}"
        return text + digits(zlib.crc32(text.encode()), _BASE36, 7)

    return make


def grafana(random: Random) -> str:
    key = "glsa_" + draw(random, ALNUM, 32)
    return key + "_" + zlib.crc32(key.encode()).to_bytes(4, "little").hex()


def grafana_json(prefix: str, *names: str) -> Make:
    def make(random: Random) -> str:
        values = {name: draw(random, ALNUM, 32) for name in names}
        text = json.dumps(values, separators=(",", ":")).encode()
        return prefix + base64.b64encode(text).decode()

    return make


def azure_devops(random: Random) -> str:
    # Since 2024: signature, year and month, a long row of zeros, the provider, a checksum.
    date = random.choice("ABC") + random.choice("ABCDEFGHIJKL")
    middle = "JQQ" + f"J99{date}AC" + "A" * 14
    return draw(random, ALNUM, 52) + middle + "AZ" + "DO" + draw(random, ALNUM, 4)


def azure_devops_legacy(magic: int) -> Make:
    def make(random: Random) -> str:
        data = bytearray(random.randbytes(32))
        rest = data[0:2] + data[3:7] + data[9:22] + data[23:32]
        crc = (zlib.crc32(rest) ^ magic).to_bytes(4, "little")
        data[22], data[8], data[7], data[2] = crc
        return base64.b32encode(data).decode().rstrip("=").lower()

    return make


def atlassian_data_center(prefix: str) -> Make:
    def make(random: Random) -> str:
        number = random.randint(10**11, 10**12 - 1)
        return prefix + base64.b64encode(f"{number}:".encode() + random.randbytes(20)).decode()

    return make


def macaroon(index: str) -> Make:
    def make(random: Random) -> str:
        location = index.encode()
        identifier = uuid(random).encode()
        data = b"\x02\x01" + bytes([len(location)]) + location + b"\x02$" + identifier
        caveat = b'{"version": 1, "permissions": "user"}'
        data += b"\x00\x00\x02" + bytes([len(caveat)]) + caveat + b"\x00\x00\x06\x20"
        return "py" + "pi-" + encoded(data + random.randbytes(32))

    return make


def npmrc(name: str, value: Make) -> Make:
    return lambda random: f"//npm.acme.io/:{name}={value(random)}"


def assigned(name: str, value: Make) -> Make:
    return lambda random: f"{name}: {value(random)}"


def basic(random: Random) -> str:
    return base64.b64encode(f"ci:{draw(random, ALNUM, 24)}".encode()).decode()


def docker_config(random: Random) -> str:
    return json.dumps({"auths": {"registry.acme.io": {"auth": basic(random)}}})


def netrc(random: Random) -> str:
    return f"machine git.acme.io login ci password {draw(random, ALNUM, 20)}"


def maven(random: Random) -> str:
    password = draw(random, ALNUM, 18)
    return f"<server><id>acme</id><password>{password}</password></server>"


def nuget(random: Random) -> str:
    return '<add key="ClearText' + f'Password" value="{draw(random, ALNUM, 20)}" />'


def client_key(random: Random) -> str:
    dashes = "-" * 5
    body = base64.encodebytes(random.randbytes(300)).decode()
    pem = f"{dashes}BEGIN EC PRIV" + f"ATE KEY{dashes}\n{body}{dashes}END{dashes}\n"
    return "client-key-data: " + base64.b64encode(pem.encode()).decode()


def bitwarden(random: Random) -> str:
    key = base64.b64encode(random.randbytes(16)).decode()
    return f"0.{uuid(random)}.{draw(random, ALNUM, 30)}:{key}"


def sentry_organization(random: Random) -> str:
    facts = {
        "iat": 1700000000.5 + random.randint(0, 10**8),
        "url": "https://sentry.io",
        "region_url": "https://us.sentry.io",
        "org": draw(random, LOWER, 8),
    }
    head = base64.b64encode(json.dumps(facts, separators=(",", ":")).encode()).decode()
    tail = base64.b64encode(random.randbytes(32)).decode().rstrip("=")
    return f"sntrys_{head}_{tail}"


def snyk(kind: str) -> Make:
    def make(random: Random) -> str:
        facts = {
            "e": 1776436736,
            "h": "snyk.io",
            "j": draw(random, URLSAFE, 22),
            "s": draw(random, URLSAFE, 22),
            "tid": "A" * 22,
        }
        payload = encoded(json.dumps(facts, separators=(",", ":")).encode())
        head = f"snyk_{kind}.{draw(random, LOWER, 8)}."
        return f"{head}{payload}.{draw(random, URLSAFE, 86)}"

    return make


def nx_cloud(random: Random) -> str:
    return base64.b64encode(f"{uuid(random)}|read-write".encode()).decode()


def one_password(random: Random) -> str:
    facts = {
        "signInAddress": "acme.1password.com",
        "userAuth": {"method": "SRPg-4096", "alg": "PBES2g-HS256", "iterations": 650000},
        "email": draw(random, LOWER, 13) + "@1passwordserviceaccounts.com",
        "srpX": draw(random, HEX, 64),
        "muk": {"alg": "A256GCM", "k": draw(random, URLSAFE, 43), "kty": "oct"},
        "throttleSecret": {"seed": draw(random, HEX, 64), "uuid": draw(random, UPPER, 26)},
        "deviceUuid": draw(random, LOWER, 26),
    }
    return "ops_" + base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()


def hub_token(random: Random) -> str:
    user = base64.b64encode(draw(random, LOWER, 6).encode()).decode()
    name = base64.b64encode(draw(random, LOWER, 9).encode()).decode()
    return f"perm:{user}.{name}.{draw(random, ALNUM, 30)}"


def scalr(random: Random) -> str:
    identifier = "at-" + draw(random, LOWER, 18)
    head = {"alg": "HS256", "typ": "JWT"}
    return jwt(head, {"iss": "user", "jti": identifier}, 43)(random)


def teamcity(random: Random) -> str:
    head = encoded(b'{"typ": "TCV2"}')
    body = encoded(draw(random, ALNUM, 27).encode())
    return f"{head}.{body}.{encoded(uuid(random).encode())}"


def temporal(random: Random) -> str:
    head = '{"alg":"ES256", "kid":"Wvtwa' + draw(random, ALNUM, 2) + '"}'
    facts = {
        "account_id": draw(random, LOWER, 5),
        "aud": ["temporal.io"],
        "exp": 1790000000,
        "iss": "temporal.io",
        "jti": draw(random, ALNUM, 32),
        "key_id": draw(random, ALNUM, 32),
        "sub": draw(random, HEX, 32),
    }
    words = (encoded(head.encode()), encoded(json.dumps(facts, separators=(",", ":")).encode()))
    return ".".join([*words, draw(random, URLSAFE, 86)])


def zuplo(random: Random) -> str:
    body = draw(random, HEX, 32)
    return "zp" + f"ka_{body}_{zlib.crc32(body.encode()):08x}"


def synoptic_key(random: Random) -> str:
    return draw(random, ALNUM, random.randint(25, 45))


_SERVICE_ACCOUNT = {
    "iss": "kubernetes/serviceaccount",
    "kubernetes.io/serviceaccount/namespace": "build",
    "kubernetes.io/serviceaccount/secret.name": None,
    "kubernetes.io/serviceaccount/service-account.name": "deployer",
    "sub": "system:serviceaccount:build:deployer",
}
_BOUND_ACCOUNT = {
    "aud": ["https://kubernetes.default.svc"],
    "exp": 1790000000,
    "iss": "https://kubernetes.default.svc",
    "kubernetes.io": {"namespace": "build", "serviceaccount": {"name": "deployer"}},
    "sub": "system:serviceaccount:build:deployer",
    "jti": None,
}
_JFROG_HEAD = {"ver": "2", "typ": "JWT", "alg": "RS256", "kid": "Zm9yZ2Utc2FtcGxlLWtpZC0wMQ"}
_JFROG_FACTS = {
    "ext": '{"revocable":"true"}',
    "sub": "jfac@01/users/ci",
    "scp": "applied-permissions/user",
    "aud": "*@*",
    "iss": "jffe@000",
    "jti": None,
}

# Provider, its usual variable, its host, its page; then a rule and how to make its token.
_TABLE: tuple[tuple[str, str, str, str, tuple[tuple[str, Make], ...]], ...] = (
    (
        "1Password",
        "OP_SERVICE_ACCOUNT_TOKEN",
        "my.1password.com",
        "developer.1password.com, service accounts",
        (
            ("1password-service-account", one_password),
            (
                "1password-secret-key",
                parts(
                    "A3-",
                    (UPPER, 6),
                    "-",
                    (UPPER, 6),
                    "-",
                    (UPPER, 5),
                    "-",
                    (UPPER, 5),
                    "-",
                    (UPPER, 5),
                    "-",
                    (UPPER, 5),
                ),
            ),
            (
                "1password-secret-key",
                parts(
                    "A3-",
                    (UPPER, 6),
                    "-",
                    (UPPER, 11),
                    "-",
                    (UPPER, 5),
                    "-",
                    (UPPER, 5),
                    "-",
                    (UPPER, 5),
                ),
            ),
        ),
    ),
    (
        "Aikido",
        "AIKIDO_SECRET",
        "app.aikido.dev",
        "help.aikido.dev, public API",
        (
            ("aikido-ci-token", after("AIK_" + "CI_", ALNUM, 44)),
            ("aikido-client-secret", after("AIK_" + "SECRET_", ALNUM, 64)),
        ),
    ),
    (
        "Akeyless",
        "AKEYLESS_ACCESS_KEY",
        "api.akeyless.io",
        "docs.akeyless.io, API key",
        (("akeyless-access-key", after("", BASE64, 43, "=")),),
    ),
    (
        "Anaconda",
        "ANACONDA_API_TOKEN",
        "api.anaconda.org",
        "docs.anaconda.com, tokens",
        (("anaconda-token", after_uuid("ac-")),),
    ),
    (
        "Ansible Galaxy",
        "ANSIBLE_GALAXY_TOKEN",
        "galaxy.ansible.com",
        "docs.ansible.com, galaxy",
        (("ansible-galaxy-token", after("", HEX, 40)),),
    ),
    (
        "Apollo",
        "APOLLO_KEY",
        "api.apollographql.com",
        "apollographql.com docs, API keys",
        (("apollo-graph-key", after("service:acme-graph:", URLSAFE, 22)),),
    ),
    (
        "AppVeyor",
        "APPVEYOR_API_TOKEN",
        "ci.appveyor.com",
        "appveyor.com docs, API keys",
        (("appveyor-api-token", after("v2.", LOWER, 20)),),
    ),
    (
        "Atlassian",
        "JIRA_API_TOKEN",
        "acme.atlassian.net",
        "community.atlassian.com, token prefixes, 2025-08",
        (
            ("atlassian-api-token", with_crc_hex("ATAT" + "T3xFfGF0", URLSAFE, 170, "=08X")),
            ("atlassian-api-token", after("ATAT" + "T3xFfGF0", URLSAFE, 170, "=1A2B3C4D")),
            ("atlassian-access-token", with_crc_hex("ATCT" + "T3xFfGN0", URLSAFE, 170, "=08X")),
            ("atlassian-service-token", with_crc_hex("ATST" + "T3xFfGN0", URLSAFE, 170, "=08X")),
            ("atlassian-data-center-token", atlassian_data_center("")),
        ),
    ),
    (
        "Auth0",
        "AUTH0_CLIENT_SECRET",
        "acme.eu.auth0.com",
        "auth0.com docs, client secret",
        (("auth0-client-secret", after("", URLSAFE, 64)),),
    ),
    (
        "Azure DevOps",
        "AZURE_DEVOPS_EXT_PAT",
        "dev.azure.com",
        "learn.microsoft.com, PAT format",
        (
            ("azure-devops-pat", azure_devops),
            ("azure-devops-pat", parts((ALNUM, 76), "AZ" + "DO", (ALNUM, 4))),
            ("azure-devops-pat-legacy", azure_devops_legacy(0xE0B9692D)),
            ("azure-devops-pat-legacy", azure_devops_legacy(0x1019F92E)),
        ),
    ),
    (
        "Bitbucket",
        "BITBUCKET_SECRET",
        "api.bitbucket.org",
        "support.atlassian.com, Bitbucket",
        (
            ("bitbucket-app-password", with_crc_hex("AT" + "BB", ALNUM, 24, "08X")),
            ("bitbucket-data-center-token", atlassian_data_center("BB" + "DC-")),
            ("bitbucket-oauth-secret", after("", ALNUM, 32)),
        ),
    ),
    (
        "Bitrise",
        "BITRISE_API_TOKEN",
        "api.bitrise.io",
        "docs.bitrise.io, tokens",
        (("bitrise-access-token", after("", URLSAFE, 86)),),
    ),
    (
        "Bitwarden",
        "BWS_ACCESS_TOKEN",
        "identity.bitwarden.com",
        "bitwarden.com help, access tokens",
        (("bitwarden-access-token", bitwarden),),
    ),
    (
        "Bitwarden",
        "BW_CLIENTSECRET",
        "identity.bitwarden.com",
        "bitwarden.com help, personal API key",
        (("bitwarden-client-secret", after("", ALNUM, 30)),),
    ),
    (
        "BrowserStack",
        "BROWSERSTACK_ACCESS_KEY",
        "hub.browserstack.com",
        "browserstack.com docs",
        (("browserstack-access-key", after("", ALNUM, 20)),),
    ),
    (
        "Buildkite",
        "BUILDKITE_API_TOKEN",
        "api.buildkite.com",
        "buildkite.com docs, token security",
        (
            (
                "buildkite-agent-job-token",
                lambda random: (
                    "bk"
                    + "aj_"
                    + jwt({"alg": "HS512"}, {"sub": None, "aud": None, "iss": "buildkite"}, 86)(
                        random
                    )
                ),
            ),
            ("buildkite-agent-session-token", after("bk" + "aa_MTA.", ALNUM, 71)),
            ("buildkite-agent-token", after("bk" + "ar_MTA.", ALNUM, 69)),
            ("buildkite-api-token", after("bk" + "ua_", HEX, 40)),
            ("buildkite-api-token", after("bk" + "ua_MTA.", HEX, 40)),
            ("buildkite-cluster-token", after("bk" + "ct_MTA.", ALNUM, 69)),
            (
                "buildkite-package-token",
                lambda random: (
                    "bk" + "pt_" + jwt({"alg": "HS256"}, {"sub": None, "iss": None}, 43)(random)
                ),
            ),
            ("buildkite-portal-secret", after("bk" + "ps_", ALNUM, 64)),
            ("buildkite-portal-token", after("bk" + "pat_", ALNUM, 54)),
        ),
    ),
    (
        "Cachix",
        "CACHIX_SIGNING_KEY",
        "acme.cachix.org",
        "docs.cachix.org, signing key",
        (("cachix-signing-key", after("", BASE64, 86, "==")),),
    ),
    (
        "Chromatic",
        "CHROMATIC_PROJECT_TOKEN",
        "www.chromatic.com",
        "chromatic.com docs",
        (("chromatic-project-token", after("ch" + "pt_", HEX, 15)),),
    ),
    (
        "CircleCI",
        "CIRCLE_TOKEN",
        "circleci.com",
        "circleci.com changelog, API access tokens",
        (
            ("circleci-personal-token", parts("CCI" + "PAT_", (BASE58, 22), "_", (HEX, 40))),
            ("circleci-project-token", parts("CCI" + "PRJ_", (BASE58, 22), "_", (HEX, 40))),
            ("circleci-legacy-token", after("", HEX, 40)),
        ),
    ),
    (
        "Clojars",
        "CLOJARS_PASSWORD",
        "clojars.org",
        "clojars source, deploy tokens",
        (("clojars-deploy-token", after("CLO" + "JARS_", HEX, 60)),),
    ),
    (
        "Cloudsmith",
        "CLOUDSMITH_API_KEY",
        "api.cloudsmith.io",
        "docs.cloudsmith.com, API keys",
        (
            ("cloudsmith-api-key", parts("cs" + "a_", (HEX, 30), (ALNUM, 6))),
            ("cloudsmith-legacy-key", after("", HEX, 40)),
        ),
    ),
    (
        "Codacy",
        "CODACY_PROJECT_TOKEN",
        "api.codacy.com",
        "docs.codacy.com, tokens",
        (("codacy-token", after("", HEX, 32)),),
    ),
    (
        "Codecov",
        "CODECOV_TOKEN",
        "codecov.io",
        "docs.codecov.com, tokens",
        (("codecov-upload-token", uuid),),
    ),
    (
        "Codefresh",
        "CODEFRESH_API_KEY",
        "g.codefresh.io",
        "codefresh.io docs, API keys",
        (("codefresh-api-key", parts((HEX, 24), ".", (HEX, 32))),),
    ),
    (
        "Coder",
        "CODER_SESSION_TOKEN",
        "coder.acme.io",
        "coder.com docs, session tokens",
        (("coder-session-token", parts((ALNUM, 10), "-", (ALNUM, 22))),),
    ),
    (
        "ConfigCat",
        "CONFIGCAT_SDK_KEY",
        "cdn-global.configcat.com",
        "configcat.com docs",
        (("configcat-sdk-key", parts("configcat-" + "sdk-1/", (URLSAFE, 22), "/", (URLSAFE, 22))),),
    ),
    (
        "Consul",
        "CONSUL_HTTP_TOKEN",
        "consul.acme.io",
        "developer.hashicorp.com, Consul",
        (("consul-token", uuid),),
    ),
    (
        "Coveralls",
        "COVERALLS_REPO_TOKEN",
        "coveralls.io",
        "docs.coveralls.io, repo token",
        (("coveralls-repo-token", between(ALNUM, 32, 37)),),
    ),
    (
        "crates.io",
        "CARGO_REGISTRY_TOKEN",
        "crates.io",
        "crates.io source, token prefix",
        (
            ("crates-io-token", after("ci" + "o", ALNUM, 32)),
            ("crates-io-token", after("ci" + "o_tp_", ALNUM, 32)),
        ),
    ),
    (
        "Crowdin",
        "CROWDIN_PERSONAL_TOKEN",
        "api.crowdin.com",
        "support.crowdin.com, tokens",
        (("crowdin-token", after("", HEX, 80)),),
    ),
    (
        "Cypress",
        "CYPRESS_RECORD_KEY",
        "cloud.cypress.io",
        "docs.cypress.io, record key",
        (("cypress-record-key", uuid),),
    ),
    (
        "Deno Deploy",
        "DENO_DEPLOY_TOKEN",
        "api.deno.com",
        "docs.deno.com, tokens",
        (
            ("deno-deploy-organization-token", after("dd" + "o_", ALNUM, 36)),
            ("deno-deploy-token", after("dd" + "p_", ALNUM, 36)),
        ),
    ),
    (
        "DevCycle",
        "DEVCYCLE_SERVER_SDK_KEY",
        "sdk-api.devcycle.com",
        "docs.devcycle.com, SDK keys",
        (
            (
                "devcycle-server-key",
                parts(
                    "dvc_" + "server_",
                    (HEX, 8),
                    "_",
                    (HEX, 4),
                    "_",
                    (HEX, 4),
                    "_",
                    (HEX, 4),
                    "_",
                    (HEX, 12),
                    "_",
                    (HEX, 7),
                ),
            ),
        ),
    ),
    (
        "Docker",
        "DOCKER_AUTH_CONFIG",
        "registry.acme.io",
        "docs.docker.com, docker login",
        (("docker-config-auth", docker_config),),
    ),
    (
        "Docker Hub",
        "DOCKERHUB_TOKEN",
        "hub.docker.com",
        "docs.docker.com, access tokens",
        (
            ("docker-hub-organization-token", after("dckr" + "_oat_", URLSAFE, 32)),
            ("docker-hub-token", after("dckr" + "_pat_", URLSAFE, 27)),
        ),
    ),
    (
        "Docker Swarm",
        "SWARM_TOKEN",
        "swarm.acme.io",
        "docs.docker.com, swarm",
        (
            ("docker-swarm-join-token", parts("SWM" + "TKN-1-", (LOWER, 50), "-", (LOWER, 25))),
            ("docker-swarm-unlock-key", after("SWM" + "KEY-1-", BASE64, 43)),
        ),
    ),
    (
        "Doppler",
        "DOPPLER_TOKEN",
        "api.doppler.com",
        "docs.doppler.com, auth token formats",
        (
            ("doppler-audit-token", after("dp." + "audit.", ALNUM, 43)),
            ("doppler-cli-token", after("dp." + "ct.", ALNUM, 43)),
            ("doppler-personal-token", after("dp." + "pt.", ALNUM, 43)),
            ("doppler-scim-token", after("dp." + "scim.", ALNUM, 43)),
            ("doppler-service-account-identity-token", after("dp." + "said.", ALNUM, 43)),
            ("doppler-service-account-token", after("dp." + "sa.", ALNUM, 43)),
            ("doppler-service-token", after("dp." + "st.", ALNUM, 43)),
            ("doppler-service-token", after("dp." + "st.prd_eu.", ALNUM, 43)),
        ),
    ),
    (
        "Dotenv",
        "DOTENV_KEY",
        "vault.dotenv.org",
        "dotenv.org docs, DOTENV_KEY",
        (
            (
                "dotenv-vault-key",
                after(
                    "dotenv:" + "//:key_",
                    HEX,
                    64,
                    "@dotenv.org/vault/.env.vault?environment=production",
                ),
            ),
        ),
    ),
    (
        "dotenvx",
        "DOTENV_KEYS",
        "dotenvx.com",
        "dotenvx.com docs, private key",
        (
            ("dotenvx-private-key", after("DOTENV_PRIVATE_" + 'KEY="', HEX, 64, '"')),
            ("dotenvx-private-key", after("DOTENV_PRIVATE_" + "KEY_PRODUCTION=", HEX, 64)),
        ),
    ),
    (
        "Drone",
        "DRONE_TOKEN",
        "drone.acme.io",
        "docs.drone.io, API",
        (("drone-token", after("", ALNUM, 32)),),
    ),
    (
        "Endor Labs",
        "ENDOR_API_CREDENTIALS_SECRET",
        "api.endorlabs.com",
        "docs.endorlabs.com, API keys",
        (("endor-labs-key", after("endr" + "+", ALNUM, 16)),),
    ),
    (
        "Flagsmith",
        "FLAGSMITH_SERVER_KEY",
        "edge.api.flagsmith.com",
        "docs.flagsmith.com",
        (("flagsmith-server-key", after("ser.", ALNUM, 22)),),
    ),
    (
        "FOSSA",
        "FOSSA_API_KEY",
        "app.fossa.com",
        "docs.fossa.com, API tokens",
        (("fossa-api-key", after("", HEX, 32)),),
    ),
    (
        "Gitea",
        "GITEA_TOKEN",
        "gitea.acme.io",
        "docs.gitea.com, access tokens",
        (("gitea-token", after("", HEX, 40)),),
    ),
    (
        "Codeberg",
        "CODEBERG_API_KEY",
        "codeberg.org",
        "docs.codeberg.org, access token",
        (("gitea-token", after("", HEX, 40)),),
    ),
    (
        "Gitea",
        "GITEA_RUNNER_REGISTRATION_TOKEN",
        "gitea.acme.io",
        "docs.gitea.com, act runner",
        (("gitea-runner-token", after("", ALNUM, 40)),),
    ),
    (
        "GitHub",
        "GITHUB_TOKEN",
        "api.github.com",
        "docs.github.com, token formats",
        (
            ("github-app-installation", with_crc62("gh" + "s_", ALNUM, 30)),
            ("github-app-installation", github_installation),
            ("github-app-refresh", after("gh" + "r_", ALNUM, 76)),
            ("github-app-refresh", with_crc62("gh" + "r_", ALNUM, 30)),
            ("github-app-user", with_crc62("gh" + "u_", ALNUM, 30)),
            ("github-oauth", with_crc62("gh" + "o_", ALNUM, 30)),
            ("github-pat-classic", with_crc62("gh" + "p_", ALNUM, 30)),
            (
                "github-pat-fine-grained",
                parts("github" + "_pat_11", (UPPER, 7), "0", (ALNUM, 12), "_", (ALNUM, 59)),
            ),
            ("github-pat-fine-grained", after("github" + "_pat_", WORD, 82)),
        ),
    ),
    (
        "GitHub",
        "GITHUB_CLIENT_SECRET",
        "github.com/login/oauth",
        "docs.github.com, OAuth apps",
        (("github-oauth-client-secret", after("", HEX, 40)),),
    ),
    (
        "GitLab",
        "GITLAB_TOKEN",
        "gitlab.com",
        "docs.gitlab.com, token prefixes",
        (
            ("gitlab-agent-token", after("gl" + "agent-", URLSAFE, 50)),
            ("gitlab-deploy-token", after("gl" + "dt-", URLSAFE, 20)),
            ("gitlab-feature-flags-token", after("gl" + "ffct-", URLSAFE, 20)),
            ("gitlab-feed-token", after("gl" + "ft-", URLSAFE, 20)),
            ("gitlab-feed-token", parts("gl" + "ft-", (HEX, 64), "-4711")),
            ("gitlab-incoming-mail-token", after("gl" + "imt-", LOWER, 25)),
            ("gitlab-job-token", after("gl" + "cbt-64_", URLSAFE, 20)),
            (
                "gitlab-job-token",
                lambda random: (
                    "gl"
                    + "cbt-"
                    + jwt({"alg": "RS256", "typ": "JWT"}, {"jti": None, "sub": None}, 342)(random)
                ),
            ),
            ("gitlab-oauth-secret", after("gl" + "oas-", HEX, 64)),
            ("gitlab-pat", after("gl" + "pat-", URLSAFE, 20)),
            ("gitlab-pat", gitlab_routable("gl" + "pat-", "")),
            ("gitlab-pat", gitlab_routable("gl" + "pat-", "01.")),
            ("gitlab-runner-registration", after("GR13" + "48941", URLSAFE, 20)),
            ("gitlab-runner-token", after("gl" + "rt-", URLSAFE, 20)),
            ("gitlab-runner-token", gitlab_routable("gl" + "rt-t1_", "01.")),
            ("gitlab-runner-token-registered", after("gl" + "rtr-", URLSAFE, 20)),
            ("gitlab-scim-token", after("gl" + "soat-", URLSAFE, 20)),
            ("gitlab-session-cookie", after("_gitlab_" + "session=", HEX, 32)),
            ("gitlab-trigger-token", after("gl" + "ptt-", HEX, 40)),
            ("gitlab-workspace-token", after("gl" + "wt-", URLSAFE, 20)),
        ),
    ),
    (
        "Gitpod",
        "GITPOD_TOKEN",
        "api.gitpod.io",
        "gitpod source, PersonalAccessToken",
        (("gitpod-access-token", parts("gitpod" + "_pat_", (URLSAFE, 43), ".", (ALNUM, 40))),),
    ),
    (
        "Grafana",
        "GRAFANA_TOKEN",
        "acme.grafana.net",
        "grafana.com docs, service accounts",
        (
            ("grafana-api-key", grafana_json("", "k", "n", "id")),
            ("grafana-cloud-token", grafana_json("gl" + "c_", "o", "n", "k")),
            ("grafana-service-account", grafana),
        ),
    ),
    (
        "Harness",
        "HARNESS_API_KEY",
        "app.harness.io",
        "developer.harness.io, API keys",
        (
            (
                "harness-personal-token",
                parts("pat.", (URLSAFE, 22), ".", (HEX, 24), ".", (ALNUM, 20)),
            ),
            (
                "harness-service-token",
                parts("sat.", (URLSAFE, 22), ".", (HEX, 24), ".", (ALNUM, 20)),
            ),
        ),
    ),
    (
        "HCP",
        "HCP_CLIENT_SECRET",
        "auth.idp.hashicorp.com",
        "developer.hashicorp.com, HCP",
        (("hcp-client-secret", after("", URLSAFE, 64)),),
    ),
    (
        "Hex",
        "HEX_API_KEY",
        "hex.pm",
        "hex.pm docs, keys",
        (("hex-pm-api-key", after("", HEX, 32)),),
    ),
    (
        "Infisical",
        "INFISICAL_TOKEN",
        "app.infisical.com",
        "infisical.com docs, service tokens",
        (
            ("infisical-client-secret", after("", HEX, 64)),
            ("infisical-service-token", parts("st.", (HEX, 24), ".", (HEX, 32), ".", (HEX, 32))),
            (
                "infisical-service-token",
                lambda random: f"st.{uuid(random)}.{draw(random, HEX, 32)}",
            ),
            (
                "infisical-service-token",
                lambda random: f"st.{uuid(random)}.{draw(random, HEX, 32)}.{draw(random, HEX, 32)}",
            ),
        ),
    ),
    (
        "Infracost",
        "INFRACOST_API_KEY",
        "pricing.api.infracost.io",
        "infracost.io docs",
        (("infracost-api-key", after("ic" + "o-", ALNUM, 32)),),
    ),
    (
        "Jenkins",
        "JENKINS_API_TOKEN",
        "jenkins.acme.io",
        "jenkins.io doc, API token",
        (("jenkins-api-token", after("11", HEX, 32)),),
    ),
    (
        "YouTrack",
        "YOUTRACK_TOKEN",
        "acme.youtrack.cloud",
        "jetbrains.com help, permanent tokens",
        (("jetbrains-hub-token", hub_token),),
    ),
    (
        "JFrog",
        "JFROG_ACCESS_TOKEN",
        "acme.jfrog.io",
        "docs.jfrog.com, reference tokens",
        (
            ("jfrog-access-token", jwt(_JFROG_HEAD, _JFROG_FACTS, 342)),
            ("jfrog-api-key", after("AK" + "Cp", ALNUM, 69)),
            ("jfrog-reference-token", after("cmV" + "mdGtuOjAxOjE3", ALNUM, 48)),
        ),
    ),
    (
        "JumpCloud",
        "JUMPCLOUD_API_KEY",
        "console.jumpcloud.com",
        "docs.jumpcloud.com, API key",
        (
            ("jumpcloud-api-key", after("jc" + "a_", ALNUM, 36)),
            ("jumpcloud-legacy-key", after("", HEX, 40)),
        ),
    ),
    (
        "K3s",
        "K3S_TOKEN",
        "k3s.acme.io",
        "docs.k3s.io, token",
        (("k3s-token", parts("K10", (HEX, 64), "::" + "server:", (HEX, 32))),),
    ),
    (
        "Kong",
        "KONNECT_TOKEN",
        "us.api.konghq.com",
        "developer.konghq.com, tokens",
        (
            ("kong-konnect-token", after("kp" + "at_", ALNUM, 49)),
            ("kong-konnect-system-token", after("sp" + "at_", ALNUM, 49)),
        ),
    ),
    (
        "Kubernetes",
        "KUBEADM_TOKEN",
        "kubeadm.acme.io",
        "kubernetes.io docs, bootstrap tokens",
        (("kubernetes-bootstrap-token", parts((LOWER, 6), ".", (LOWER, 16))),),
    ),
    (
        "Kubernetes",
        "KUBE_TOKEN",
        "kubernetes.default.svc",
        "kubernetes.io docs, service accounts",
        (
            ("kubernetes-client-key", client_key),
            (
                "kubernetes-service-account",
                jwt({"alg": "RS256", "kid": "a1b2"}, _SERVICE_ACCOUNT, 342),
            ),
            (
                "kubernetes-service-account",
                jwt({"alg": "RS256", "kid": "a1b2"}, _BOUND_ACCOUNT, 342),
            ),
        ),
    ),
    (
        "LambdaTest",
        "LT_ACCESS_KEY",
        "hub.lambdatest.com",
        "lambdatest.com docs",
        (("lambdatest-access-key", after("", ALNUM, 50)),),
    ),
    (
        "LaunchDarkly",
        "LAUNCHDARKLY_ACCESS_TOKEN",
        "app.launchdarkly.com",
        "launchdarkly.com docs, keys",
        (
            ("launchdarkly-api-token", after_uuid("api-")),
            ("launchdarkly-sdk-key", after_uuid("sdk-")),
        ),
    ),
    (
        "Maven Central",
        "OSSRH_PASSWORD",
        "central.sonatype.com",
        "central.sonatype.org, user tokens",
        (("maven-central-token", after("", BASE64, 44)),),
    ),
    (
        "Maven",
        "MAVEN_SETTINGS",
        "maven.acme.io",
        "maven.apache.org, settings",
        (("maven-settings-password", maven),),
    ),
    (
        "Mergify",
        "MERGIFY_TOKEN",
        "api.mergify.com",
        "docs.mergify.com, application keys",
        (("mergify-application-key", after("mergify_" + "application_key_", ALNUM, 48)),),
    ),
    (
        "NetBird",
        "NB_API_TOKEN",
        "api.netbird.io",
        "netbird source",
        (("netbird-access-token", with_crc62("nb" + "p_", ALNUM, 30)),),
    ),
    (
        "Netlify",
        "NETLIFY_AUTH_TOKEN",
        "api.netlify.com",
        "answers.netlify.com 106146",
        (
            ("netlify-token", after("nf" + "p_", ALNUM, 36)),
            ("netlify-token", after("nf" + "c_", ALNUM, 36)),
            ("netlify-token", after("nf" + "o_", ALNUM, 36)),
            ("netlify-token", after("nf" + "u_", ALNUM, 36)),
            ("netlify-token", after("nf" + "b_", ALNUM, 36)),
            ("netlify-legacy-token", after("", URLSAFE, 43)),
        ),
    ),
    (
        "netrc",
        "NETRC",
        "git.acme.io",
        "gnu.org, inetutils, .netrc",
        (("netrc-password", netrc),),
    ),
    (
        "ngrok",
        "NGROK_AUTHTOKEN",
        "api.ngrok.com",
        "ngrok.com docs, authtokens",
        (("ngrok-token", parts("2", (ALNUM, 26), "_", (ALNUM, 21))),),
    ),
    (
        "Nomad",
        "NOMAD_TOKEN",
        "nomad.acme.io",
        "developer.hashicorp.com, Nomad",
        (("nomad-token", uuid),),
    ),
    (
        "npm",
        "NPM_TOKEN",
        "npm.acme.io",
        "github.blog changelog 2021-09-23",
        (
            ("npm-access-token", with_crc62("np" + "m_", ALNUM, 30)),
            ("npmrc-auth", npmrc("_auth", basic)),
            ("npm-legacy-token", npmrc("_authToken", uuid)),
            ("npm-legacy-token-variable", assigned("NODE_AUTH_TOKEN", uuid)),
            ("npmrc-password", npmrc("_password", basic)),
        ),
    ),
    (
        "NuGet",
        "NUGET_API_KEY",
        "nuget.acme.io",
        "learn.microsoft.com, API keys",
        (
            ("nuget-api-key", parts("oy" + "2", (BASE32[:16], 1), (BASE32, 42))),
            ("nuget-clear-text-password", nuget),
        ),
    ),
    (
        "Nx Cloud",
        "NX_CLOUD_ACCESS_TOKEN",
        "cloud.nx.app",
        "nx.dev docs, access tokens",
        (("nx-cloud-token", nx_cloud),),
    ),
    (
        "Octopus Deploy",
        "OCTOPUS_API_KEY",
        "acme.octopus.app",
        "octopus.com docs, API key",
        (
            ("octopus-deploy-api-key", after("AP" + "I-", UPPER, 26)),
            ("octopus-deploy-api-key", after("AP" + "I-", UPPER, 25)),
        ),
    ),
    (
        "Okta",
        "OKTA_API_TOKEN",
        "acme.okta.com",
        "developer.okta.com, API token",
        (("okta-api-token", after("00", URLSAFE, 40)),),
    ),
    (
        "OpenShift",
        "OPENSHIFT_TOKEN",
        "api.openshift.acme.io",
        "docs.openshift.com, OAuth tokens",
        (("openshift-token", after("sha" + "256~", URLSAFE, 43)),),
    ),
    (
        "Open VSX",
        "OVSX_PAT",
        "open-vsx.org",
        "open-vsx.org, token prefix, 2025-10",
        (("openvsx-token", after_uuid("ovs" + "xp_")),),
    ),
    (
        "Ory",
        "ORY_ACCESS_TOKEN",
        "api.console.ory.sh",
        "ory.sh docs, tokens",
        (
            ("ory-access-token", after("ory_" + "pat_", ALNUM, 32)),
            ("ory-access-token", after("ory_" + "wak_", ALNUM, 32)),
        ),
    ),
    (
        "Packagist",
        "PACKAGIST_TOKEN",
        "repo.packagist.com",
        "packagist.com docs, token format",
        (
            ("packagist-organization-token", with_crc_hex("packagist" + "_ort_", HEX, 60, "08x")),
            ("packagist-organization-token", with_crc_hex("packagist" + "_out_", HEX, 60, "08x")),
            ("packagist-user-token", with_crc_hex("packagist" + "_uut_", HEX, 60, "08x")),
            ("packagist-conductor-token", with_crc_hex("packagist" + "_cut_", HEX, 60, "08x")),
        ),
    ),
    (
        "Percy",
        "PERCY_TOKEN",
        "percy.io",
        "browserstack.com docs, Percy",
        (
            ("percy-token", after("", HEX, 64)),
            ("percy-token", after("web_", HEX, 64)),
        ),
    ),
    (
        "Phabricator",
        "PHABRICATOR_TOKEN",
        "phabricator.acme.io",
        "phacility.com, Conduit",
        (
            ("phabricator-conduit-token", after("api-", LOWER, 28)),
            ("phabricator-conduit-token", after("cli-", LOWER, 28)),
        ),
    ),
    (
        "Phase",
        "PHASE_SERVICE_TOKEN",
        "console.phase.dev",
        "docs.phase.dev, service tokens",
        (
            (
                "phase-token",
                parts(
                    "pss_" + "service:v2:",
                    (HEX, 64),
                    ":",
                    (HEX, 64),
                    ":",
                    (HEX, 64),
                    ":",
                    (HEX, 64),
                ),
            ),
        ),
    ),
    (
        "Portainer",
        "PORTAINER_API_KEY",
        "portainer.acme.io",
        "docs.portainer.io, API access",
        (("portainer-token", after("pt" + "r_", BASE64, 43, "=")),),
    ),
    (
        "Postman",
        "POSTMAN_API_KEY",
        "api.getpostman.com",
        "learning.postman.com, API keys",
        (
            ("postman-api-key", parts("PM" + "AK-", (HEX, 24), "-", (HEX, 34))),
            ("postman-collection-key", after("PM" + "AT-", UPPER, 26)),
        ),
    ),
    (
        "Prefect",
        "PREFECT_API_KEY",
        "api.prefect.cloud",
        "docs.prefect.io, API keys",
        (
            ("prefect-service-key", after("pn" + "b_", ALNUM, 36)),
            ("prefect-user-key", after("pn" + "u_", ALNUM, 36)),
        ),
    ),
    (
        "Pulumi",
        "PULUMI_ACCESS_TOKEN",
        "api.pulumi.com",
        "pulumi.com docs, access tokens",
        (("pulumi-access-token", after("pu" + "l-", HEX, 40)),),
    ),
    (
        "Puppet Forge",
        "PUPPET_FORGE_API_KEY",
        "forgeapi.puppet.com",
        "forgeapi.puppet.com",
        (("puppet-forge-api-key", after("", HEX, 64)),),
    ),
    (
        "PyPI",
        "TWINE_PASSWORD",
        "upload.acme.io",
        "pypi.org help, API tokens",
        (
            ("pypi-token", macaroon("pypi.org")),
            ("pypi-test-token", macaroon("test.pypi.org")),
        ),
    ),
    (
        "Quay",
        "QUAY_ROBOT_TOKEN",
        "quay.io",
        "docs.redhat.com, robot accounts",
        (("quay-robot-token", after("", UPPER, 64)),),
    ),
    (
        "Rancher",
        "RANCHER_TOKEN",
        "rancher.acme.io",
        "ranchermanager docs, API tokens",
        (("rancher-token", parts("token" + "-", (LOWER, 5), ":", (LOWER, 54))),),
    ),
    (
        "ReadMe",
        "README_API_KEY",
        "dash.readme.com",
        "docs.readme.com, API keys",
        (("readme-api-key", after("rd" + "me_xn8s9h", HEX, 64)),),
    ),
    (
        "RubyGems",
        "GEM_HOST_API_KEY",
        "gems.acme.io",
        "guides.rubygems.org, API keys",
        (("rubygems-api-key", after("ruby" + "gems_", HEX, 48)),),
    ),
    (
        "SailPoint",
        "SAIL_CLIENT_SECRET",
        "acme.api.identitynow.com",
        "developer.sailpoint.com, tokens",
        (("sailpoint-client-secret", after("", HEX, 64)),),
    ),
    (
        "SailPoint",
        "ISC_CLIENT_SECRET",
        "acme.saas.sailpoint.com",
        "developer.sailpoint.com, tokens",
        (("sailpoint-client-secret", after("", HEX, 64)),),
    ),
    (
        "Sauce Labs",
        "SAUCE_ACCESS_KEY",
        "api.us-west-1.saucelabs.com",
        "docs.saucelabs.com",
        (("sauce-labs-access-key", uuid),),
    ),
    (
        "Scalr",
        "SCALR_TOKEN",
        "acme.scalr.io",
        "docs.scalr.io, API tokens",
        (("jwt", scalr),),
    ),
    (
        "Semaphore",
        "SEMAPHORE_API_TOKEN",
        "acme.semaphoreci.com",
        "docs.semaphore.io, API",
        (("semaphore-api-token", after("", URLSAFE, 20)),),
    ),
    (
        "Semgrep",
        "SEMGREP_APP_TOKEN",
        "semgrep.dev",
        "semgrep.dev docs",
        (("semgrep-app-token", after("", HEX, 64)),),
    ),
    (
        "Sentry",
        "SENTRY_AUTH_TOKEN",
        "sentry.io",
        "docs.sentry.io, token formats",
        (
            ("sentry-app-token", after("sntr" + "ya_", HEX, 64)),
            ("sentry-integration-token", after("sntr" + "yi_", HEX, 64)),
            ("sentry-legacy-token", after("", HEX, 64)),
            ("sentry-organization-token", sentry_organization),
            ("sentry-user-token", after("sntr" + "yu_", HEX, 64)),
        ),
    ),
    (
        "Snyk",
        "SNYK_TOKEN",
        "api.snyk.io",
        "docs.snyk.io, authentication",
        (
            ("snyk-api-token", uuid),
            ("snyk-access-token", snyk("uat")),
            ("snyk-access-token", snyk("sat")),
        ),
    ),
    (
        "Socket",
        "SOCKET_SECURITY_API_KEY",
        "api.socket.dev",
        "docs.socket.dev, tokens",
        (("socket-api-token", after("skt" + "sec_", URLSAFE, 43, "_api")),),
    ),
    (
        "SonarQube",
        "SONAR_TOKEN",
        "sonarcloud.io",
        "docs.sonarsource.com, tokens",
        (
            ("sonar-token", after("sq" + "u_", HEX, 40)),
            ("sonar-token", after("sq" + "p_", HEX, 40)),
            ("sonar-token", after("sq" + "a_", HEX, 40)),
            ("sonar-legacy-token", after("", HEX, 40)),
        ),
    ),
    (
        "Sourcegraph",
        "SRC_ACCESS_TOKEN",
        "sourcegraph.com",
        "sourcegraph.com docs, token formats",
        (
            ("sourcegraph-access-token", parts("sg" + "p_", (HEX, 16), "_", (HEX, 40))),
            ("sourcegraph-access-token", after("sg" + "p_local_", HEX, 40)),
            ("sourcegraph-access-token", after("sg" + "p_", HEX, 40)),
            ("sourcegraph-gateway-token", after("sg" + "d_", HEX, 64)),
            ("sourcegraph-license-token", after("sl" + "k_", HEX, 64)),
        ),
    ),
    (
        "Spacelift",
        "SPACELIFT_API_KEY_SECRET",
        "acme.app.spacelift.io",
        "docs.spacelift.io, API keys",
        (("spacelift-api-secret", after("", HEX, 64)),),
    ),
    (
        "StackHawk",
        "HAWK_API_KEY",
        "api.stackhawk.com",
        "docs.stackhawk.com, API key",
        (("stackhawk-api-key", parts("haw" + "k.", (ALNUM, 20), ".", (ALNUM, 20))),),
    ),
    (
        "Statsig",
        "STATSIG_SERVER_SECRET",
        "api.statsig.com",
        "docs.statsig.com, API keys",
        (("statsig-server-key", after("secret-", ALNUM, 43)),),
    ),
    (
        "Synoptic",
        "SYNOPTIC_TOKEN",
        "api.synopticdata.com",
        "docs.synopticdata.com, credentials",
        (
            ("synoptic-token", after("", HEX, 32)),
            ("synoptic-url-token", after("wss://push.synopticdata.com/feed/", HEX, 32)),
        ),
    ),
    (
        "Synoptic",
        "SYNOPTIC_API_KEY",
        "api.synopticdata.com",
        "docs.synopticdata.com, credentials",
        (("synoptic-api-key", synoptic_key),),
    ),
    (
        "Tailscale",
        "TS_AUTHKEY",
        "api.tailscale.com",
        "tailscale.com docs, key prefixes",
        (
            ("tailscale-api-token", parts("tskey" + "-api-k", (ALNUM, 10), "CNTRL-", (ALNUM, 32))),
            ("tailscale-auth-key", parts("tskey" + "-auth-k", (ALNUM, 10), "CNTRL-", (ALNUM, 32))),
            (
                "tailscale-oauth-secret",
                parts("tskey" + "-client-k", (ALNUM, 10), "CNTRL-", (ALNUM, 32)),
            ),
            ("tailscale-scim-key", parts("tskey" + "-scim-k", (ALNUM, 10), "CNTRL-", (ALNUM, 32))),
            (
                "tailscale-webhook-secret",
                parts("tskey" + "-webhook-k", (ALNUM, 10), "CNTRL-", (ALNUM, 32)),
            ),
        ),
    ),
    (
        "TeamCity",
        "TEAMCITY_TOKEN",
        "acme.teamcity.com",
        "jetbrains.com help, TeamCity",
        (("teamcity-access-token", teamcity),),
    ),
    (
        "Temporal",
        "TEMPORAL_API_KEY",
        "acme.tmprl.cloud",
        "docs.temporal.io, API keys",
        (("temporal-cloud-api-key", temporal),),
    ),
    (
        "HCP Terraform",
        "TFE_TOKEN",
        "app.terraform.io",
        "developer.hashicorp.com, API tokens",
        (("terraform-cloud-token", parts((ALNUM, 14), ".atlas" + "v1.", (ALNUM, 67))),),
    ),
    (
        "Transifex",
        "TRANSIFEX_TOKEN",
        "rest.api.transifex.com",
        "developers.transifex.com",
        (("transifex-api-token", after("1/", HEX, 40)),),
    ),
    (
        "Travis CI",
        "TRAVIS_TOKEN",
        "api.travis-ci.com",
        "docs.travis-ci.com, API token",
        (("travis-api-token", after("", URLSAFE, 22)),),
    ),
    (
        "Unleash",
        "UNLEASH_API_TOKEN",
        "acme.getunleash.io",
        "docs.getunleash.io, API tokens",
        (
            ("unleash-api-token", after("default:production.", HEX, 56)),
            ("unleash-api-token", after("*:development.", HEX, 56)),
            ("unleash-api-token", after("user:", HEX, 56)),
        ),
    ),
    (
        "Vault",
        "VAULT_TOKEN",
        "vault.acme.io",
        "developer.hashicorp.com, Vault tokens",
        (
            ("vault-batch-token", after("hv" + "b.AAAAAQ", URLSAFE, 150)),
            ("vault-legacy-token", after("s.", ALNUM, 24)),
            ("vault-recovery-token", after("hv" + "r.CAESI", URLSAFE, 90)),
            ("vault-service-token", after("hv" + "s.", ALNUM, 24)),
            ("vault-service-token", after("hv" + "s.CAESI", URLSAFE, 88)),
        ),
    ),
    (
        "Vault",
        "VAULT_UNSEAL_KEY",
        "vault.acme.io/v1/sys/unseal",
        "developer.hashicorp.com, seal and unseal",
        (
            ("vault-unseal-key", after("", BASE64, 43, "=")),
            ("vault-unseal-key", after("", BASE64, 44)),
        ),
    ),
    (
        "Vercel",
        "VERCEL_TOKEN",
        "api.vercel.com",
        "vercel.com changelog, token formats, 2026-02",
        (
            ("vercel-access-token", with_crc62("vc" + "p_", ALNUM, 50)),
            ("vercel-api-key", with_crc62("vc" + "k_", URLSAFE, 50)),
            ("vercel-app-refresh-token", with_crc62("vc" + "r_", ALNUM, 50)),
            ("vercel-app-token", with_crc62("vc" + "a_", ALNUM, 50)),
            ("vercel-integration-token", with_crc62("vc" + "i_", ALNUM, 50)),
            ("vercel-legacy-token", after("", ALNUM, 24)),
        ),
    ),
    (
        "WakaTime",
        "WAKATIME_API_KEY",
        "wakatime.com",
        "wakatime.com, API key",
        (("wakatime-api-key", after_uuid("wak" + "a_")),),
    ),
    (
        "Weblate",
        "WEBLATE_TOKEN",
        "hosted.weblate.org",
        "docs.weblate.org, API",
        (
            ("weblate-token", after("wl" + "u_", ALNUM, 36)),
            ("weblate-token", after("wl" + "p_", ALNUM, 36)),
        ),
    ),
    (
        "WorkOS",
        "WORKOS_API_KEY",
        "api.workos.com",
        "workos.com docs, API keys",
        (
            ("workos-api-key", after("sk_" + "live_a2V5XzAx", ALNUM, 64)),
            ("workos-api-key", after("sk_" + "test_a2V5XzAx", ALNUM, 64)),
        ),
    ),
    (
        "Zuplo",
        "ZUPLO_API_KEY",
        "api.zuplo.com",
        "zuplo.com docs, key format",
        (("zuplo-api-key", zuplo),),
    ),
)

SAMPLES: tuple[Sample, ...] = tuple(
    Sample(rule, provider, variable, host, make, source)
    for provider, variable, host, source, kinds in _TABLE
    for rule, make in kinds
)
