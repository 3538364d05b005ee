"""What looks like a secret and is none, class by class, in the files where it is found.

Every class has the names beside its values that make people, and scanners, think of secrets. No
value here opens anything; each file is drawn anew for each seed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from tests.scan.corpus.sample import ALNUM, BASE64, HEX, LOWER, UPPER, URLSAFE, draw

File = tuple[str, str]
Maker = Callable[[Random], File]


class LookAlike(NamedTuple):
    """One class of files without a secret."""

    name: str
    make: Maker
    """Returns a file's name and its text."""


_PROVIDERS = (
    "datadog", "sailpoint", "synoptic", "aws", "github", "gitlab", "heroku", "netlify", "fastly",
    "cloudflare", "linode", "rollbar", "honeycomb", "pagerduty", "stripe", "twilio", "mailgun",
    "sentry", "snyk", "sonarqube", "bitbucket", "asana", "airtable", "algolia", "mixpanel",
    "segment", "amplitude", "okta", "zendesk", "dropbox", "facebook", "linkedin", "discord",
    "telegram", "mapbox", "openai", "cohere", "mistral", "pinecone", "vercel", "terraform",
    "grafana", "newrelic", "splunk", "confluent", "kaggle", "artifactory", "dynatrace", "fly.io",
)  # fmt: skip
_WORDS: Sequence[str] = re.findall(
    r"\w+",
    "alpha billing cache check client cloud common config core data deploy edge event fetch gate "
    "handler index invoice job kernel legacy linker mailer metric module order panel parser "
    "payment pipeline policy portal queue render report reader rollout router runner sample "
    "scheduler server session shard signal sink storage stream sync table task tenant tracker "
    "update upload user vault vector view watcher web worker writer zone",
)


def _hex(random: Random, length: int) -> str:
    return draw(random, HEX, length)


def _base64(random: Random, size: int) -> str:
    return base64.b64encode(random.randbytes(size)).decode()


def _uuid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _words(random: Random, count: int, joint: str = "-") -> str:
    return joint.join(random.sample(_WORDS, count))


def _version(random: Random) -> str:
    return ".".join(str(random.randrange(30)) for _ in range(3))


def _provider(random: Random) -> str:
    return random.choice(_PROVIDERS)


def _variable(random: Random) -> str:
    ending = random.choice(("API_KEY", "TOKEN", "CLIENT_SECRET", "ACCESS_TOKEN", "SECRET_KEY"))
    return f"{_provider(random).upper().replace('.', '_')}_{ending}"


def _lines(random: Random, line: Callable[[Random], str], least: int = 5, most: int = 14) -> str:
    return "".join(line(random) + "\n" for _ in range(random.randrange(least, most)))


def _of(name: str, before: str, line: Callable[[Random], str], after: str = "") -> Maker:
    """Return the maker of a file of similar lines; `?` in `before` is a provider."""

    def make(random: Random) -> File:
        provider = _provider(random)
        head = before.replace("?", provider).replace("!", provider.upper().replace(".", "_"))
        return name, head + _lines(random, line) + after

    return make


def _git_log(random: Random) -> str:
    change = random.choice(("rotate the token of", "drop the api key from", "add secret for"))
    return f"{_hex(random, 40)} {change} {_provider(random)} {_words(random, 2, ' ')}"


def _sums(length: int) -> Callable[[Random], str]:
    return lambda r: f"{_hex(r, length)}  {_words(r, 2, '_')}-{_version(r)}-token.tar.gz"


def _package_lock(random: Random) -> str:
    name = f"@{_provider(random)}/{_words(random, 2)}"
    return (
        f'    "node_modules/{name}": {{\n      "version": "{_version(random)}",\n'
        f'      "resolved": "https://registry.acme-corp.net/{name}/-/{_words(random, 1)}.tgz",\n'
        f'      "integrity": "sha512-{_base64(random, 64)}"\n    }},'
    )


def _yarn_lock(random: Random) -> str:
    name = f"{_provider(random)}-{_words(random, 1)}"
    address = f"https://registry.acme-corp.net/{name}/-/{name}.tgz#{_hex(random, 40)}"
    return f'"{name}@^{_version(random)}":\n  resolved "{address}"\n  checksum: {_hex(random, 128)}'


def _cargo_lock(random: Random) -> str:
    name = f"{_provider(random)}-{_words(random, 1)}"
    head = f'[[package]]\nname = "{name}"\nversion = "{_version(random)}"'
    return f'{head}\nchecksum = "{_hex(random, 64)}"'


def _poetry_lock(random: Random) -> str:
    name = f"{_provider(random)}_{_words(random, 1)}"
    return f'    {{file = "{name}-{_version(random)}.tar.gz", hash = "sha256:{_hex(random, 64)}"}},'


def _go_sum(random: Random) -> str:
    host = f"github.com/{_provider(random)}/{_words(random, 2)}"
    return f"{host} v{_version(random)} h1:{_base64(random, 32)}"


def _requirement(random: Random) -> str:
    name = f"{_provider(random)}-{_words(random, 1)}=={_version(random)}"
    return f"{name} \\\n    --hash=sha256:{_hex(random, 64)}"


def _nix(random: Random) -> str:
    return (
        f'  {_words(random, 1)} = fetchFromGitHub {{\n    owner = "{_provider(random)}";\n'
        f'    rev = "{_hex(random, 40)}";\n    hash = "sha256-{_base64(random, 32)}";\n'
        f'    sha256 = "{draw(random, "0123456789abcdfghijklmnpqrsvwxyz", 52)}";\n  }};'
    )


def _action(random: Random) -> str:
    return (
        f"      - uses: {_provider(random)}/{_words(random, 2)}@{_hex(random, 40)} # v3\n"
        f"        with:\n          api-key: ${{{{ secrets.{_variable(random)} }}}}"
    )


def _image(random: Random) -> str:
    return (
        f"  {_words(random, 1)}:\n    image: {_provider(random)}/agent:{_version(random)}"
        f"@sha256:{_hex(random, 64)}\n    environment:\n"
        f"      - {_variable(random)}=${{{_variable(random)}}}"
    )


def _object_id(random: Random) -> str:
    return (
        f'  {{"id": "2c91{_hex(random, 28)}", "name": "{_words(random, 2, " ")}", '
        f'"ownerId": "{_hex(random, 32)}", "sourceId": "{_hex(random, 32)}"}},'
    )


def _named_uuid(random: Random) -> str:
    name = random.choice(("client_id", "tenant_id", "subscription_id", "id", "uuid", "account_id"))
    return f'{name} = "{_uuid(random)}"  # {_provider(random)}'


def _cache(random: Random) -> str:
    return (
        f"      - name: {_provider(random)} token cache\n        key: {_words(random, 2)}-"
        f"{_hex(random, 64)}\n        restore-keys: {_words(random, 1)}-{_hex(random, 40)}"
    )


def _reference(random: Random) -> str:
    name = _variable(random)
    lower = name.lower()
    return random.choice(
        (
            f"export {name}=$(vault kv get -field=token secret/{_words(random, 2)})",
            f'export {name}="$(pass show {_words(random, 2, "/")})"',
            f'const {lower} = process.env.{name} ?? "";',
            f'{lower} = os.environ["{name}"]',
            f"{lower}: ${{{{ secrets.{name} }}}}",
            f"{lower}: {{{{ .Values.{_words(random, 2, '.')}.token }}}}",
            f"{lower} = var.{lower}",
            f"{lower} = data.aws_ssm_parameter.{lower}.value",
            f"{lower}: !Ref {name.title().replace('_', '')}",
            f"{name}=op://{_words(random, 2, '/')}/credential",
            f"{lower}: arn:aws:secretsmanager:eu-west-1:{random.randrange(10**11, 10**12)}:secret:"
            f"{_words(random, 2)}-{draw(random, ALNUM, 6)}",
            f'curl -H "Authorization: Bearer ${name}" -u "$USER:${name}" https://api.acme-corp.net',
            f"password: <%= ENV['{name}'] %>",
            f"{name}=@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/{lower}/"
            f"{_hex(random, 32)})",
        )
    )


# What the vendors' pages show: the prefix in pieces, and what stands for the rest.
_PREFIXES = (
    "gh" + "p_", "gh" + "s_", "github" + "_pat_", "gl" + "pat-", "s" + "k-", "s" + "k-ant-api03-",
    "xox" + "b-", "xapp" + "-1-", "AK" + "IA", "AI" + "za", "s" + "k_live_", "rk" + "_live_",
    "n" + "pm_", "py" + "pi-", "dckr" + "_pat_", "h" + "f_", "S" + "G.", "s" + "hpat_",
    "dop_" + "v1_",
    "gl" + "rt-", "hv" + "s.", "ATA" + "TT3x", "squ" + "_", "sntr" + "ys_", "N" + "RAK-",
    "dp.pt" + ".",
    "pul" + "-", "lin_" + "api_", "fig" + "d_", "glsa" + "_", "tfp_", "AGE-SECRET" + "-KEY-1",
)  # fmt: skip


def _stand_in(random: Random) -> str:
    length = random.choice((20, 24, 32, 36, 40))
    return random.choice(
        (
            "x" * length,
            "X" * length,
            "*" * length,
            "0" * length,
            "...",
            "<your-token>",
            "your-token-here",
            "your_api_key",
            "EXAMPLE" + draw(random, UPPER, length - 7),
            draw(random, UPPER, length - 7) + "EXAMPLE",
            ("0123456789abcdef" * 3)[:length],
            ("abcdefghijklmnopqrstuvwxyz0123456789" * 2)[:length],
            ("1234567890" * 4)[:length],
            ("a1b2c3d4e5f6g7h8i9j0" * 2)[:length],
            "xxxx-xxxx-xxxx-xxxx",
            "replace-me-with-the-real-one",
            "this-is-not-a-real-token-at-all",
            "${TOKEN}",
            "redacted-redacted-redacted",
            "fake_token_for_the_unit_tests",
        )
    )


def _placeholder(random: Random) -> str:
    return f"{_variable(random)}={random.choice(_PREFIXES)}{_stand_in(random)}"


def _named_placeholder(random: Random) -> str:
    provider = _provider(random)
    value = random.choice(
        (
            f"your-{provider}-api-key",
            f"<{provider.upper()}_API_KEY>",
            f"my_{provider}_secret_token_value",
            "0123456789abcdef" * 2,
            "deadbeef" * 4,
            "abcdef1234567890" * 4,
            "1" * 32,
            "11112222333344445555666677778888",
            "changeme-" + _words(random, 3),
            "00000000-0000-0000-0000-000000000000",
            "12345678-1234-1234-1234-123456789012",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        )
    )
    return f'{provider}:\n  api_key: "{value}"'


_DASHES = "-" * 5
_KEY = "PRIVATE" + " KEY"


def _key_header(random: Random) -> str:
    kind = random.choice(("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")) + _KEY
    begin, end = f"{_DASHES}BEGIN {kind}{_DASHES}", f"{_DASHES}END {kind}{_DASHES}"
    start = "MII" + draw(random, BASE64, 60)
    return random.choice(
        (
            f'if "{begin}" in text:\n    raise ValueError("{_words(random, 2)}")',
            f"{begin}\n...\n{end}",
            f"{begin}\n{start}...\n{end}",
            f"{begin}\n{start}\n[... 24 lines ...]\n{end}",
            f"{begin}\n<paste the key of {_words(random, 1)} here>\n{end}",
            f'PEM = re.compile(r"{begin}(.+?){end}", re.DOTALL)',
            f"{begin}\n${{{_variable(random)}}}\n{end}",
            f"{begin}\n{{{{ .Values.key }}}}\n{end}",
            f'key: "{begin}\\n{"A" * 64}\\n{end}"',
            f'"{begin}\\nMIIEpAIBAAKCAQEA\\n{end}\\n"',
        )
    )


def _armour(kind: str, size: int) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        text = base64.b64encode(b"\x30\x82\x03\x11\x30\x82" + random.randbytes(size)).decode()
        body = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
        return f"{_DASHES}BEGIN {kind}{_DASHES}\n{body}\n{_DASHES}END {kind}{_DASHES}"

    return make


def _ssh_public(random: Random) -> str:
    kind = random.choice(("ssh-ed25519", "ecdsa-sha2-nistp256"))
    blob = len(kind).to_bytes(4, "big") + kind.encode() + b"\0\0\0\x20" + random.randbytes(32)
    return (
        f"{_provider(random)}.com {kind} {base64.b64encode(blob).decode()} {_words(random, 1)}@ci"
    )


def _public_address(random: Random) -> str:
    host = f"{_words(random, 1)}.acme-corp.net"
    return random.choice(
        (
            f"postgres://user:password@{host}:5432/db",
            f"mysql://root:${{MYSQL_PASSWORD}}@{host}/app",
            f"mongodb+srv://<username>:<password>@{host}/test",
            f"https://{{user}}:{{token}}@{host}/{_words(random, 2)}.git",
            f"redis://:%s@{host}:6379/0",
            f"amqp://guest:guest@localhost:{random.randrange(5000, 6000)}/",
            f"https://oauth2:$GITLAB_TOKEN@{host}/group/app.git",
            f"ftp://anonymous:***@{host}/pub",
            f"http://localhost:{random.randrange(3000, 9999)}/@vite/client",
            f"https://{host}:443/@{_words(random, 1)}/{_hex(random, 40)}",
            f"postgresql://postgres:postgres@db:5432/{_words(random, 1)}",
            f"jdbc:sqlserver://{host};user=sa;password=yourPassword;",
            f"Server={host};User ID=app;Password=$(DbPassword);",
            f"curl -u admin:changeme https://{host}/",
            f"git+ssh://git@{host}:2222/{_words(random, 2)}.git@{_hex(random, 40)}",
        )
    )


def _basic_words(random: Random) -> str:
    return random.choice(
        (
            f"Basic authentication of {_provider(random)} needs a token and a {_words(random, 1)}.",
            f"Authorization: Basic <base64 of user:token>  # {_words(random, 1)}",
            "Authorization: Bearer <token>",
            'headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "'
            + _hex(random, 32)
            + '"}',
            "Authorization: Basic " + base64.b64encode(b"user:password").decode(),
            "Authorization: Bearer your_access_token_goes_here",
            f"www-authenticate: Basic realm={_words(random, 2)}",
            f"-H 'Authorization: Bearer {'x' * random.randrange(20, 40)}'",
        )
    )


def _publishable(random: Random) -> str:
    key = "p" + "k_live_" + draw(random, ALNUM, 24)
    return f'  publishableKey: "{key}",\n  siteKey: "6L{draw(random, URLSAFE, 38)}",'


def _jwt(*parts: object) -> str:
    texts = [json.dumps(part, separators=(",", ":")).encode() for part in parts]
    return ".".join(base64.urlsafe_b64encode(text).decode().rstrip("=") for text in texts)


def _public_jwt(random: Random) -> str:
    header = {"alg": "HS256", "typ": "JWT"}
    claims = random.choice(
        (
            {"sub": "1234567890", "name": "John Doe", "iat": 1516239022},
            {"iss": "supabase", "ref": draw(random, LOWER, 20), "role": "anon", "iat": 1516239022},
            {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True},
            {"some": "payload", "n": random.randrange(1000)},
        )
    )
    return f'token = "{_jwt(header, claims)}.{draw(random, URLSAFE, 43)}"'


def _sops(random: Random) -> str:
    data, vector, tag = _base64(random, 40), _base64(random, 32), _base64(random, 16)
    return (
        f"{_variable(random).lower()}: ENC[AES256_GCM,data:{data},iv:{vector},tag:{tag},type:str]"
    )


def _vault_lines(random: Random) -> str:
    return "          " + draw(random, "3456789abcdef"[:4] + "3456", 80)


def _sealed(random: Random) -> str:
    return f"    {_variable(random)}: Ag{_base64(random, 240)}"


def _ciphertext(random: Random) -> str:
    return f'{_provider(random)}_secret_ciphertext = "{_base64(random, 96)}"'


def _transit(random: Random) -> str:
    return f'{_variable(random).lower()}_encrypted: "vault:v1:{_base64(random, 60)}"'


def _minified(random: Random) -> str:
    names = [draw(random, ALNUM[:52], 2) for _ in range(12)]
    hashes = ",".join(f'{n}:"{_hex(random, random.choice((8, 20, 32)))}"' for n in names)
    return (
        f"!function(e,t){{var token={{}},{names[0]}={{{hashes}}};e.auth=t.key}}(window,{names[1]});"
    )


def _css(random: Random) -> str:
    name = f"{_words(random, 2, '-')}__token--{draw(random, ALNUM, 5)}"
    image = f"url(data:image/png;base64,{_base64(random, 180)})"
    return f".{name}_{_hex(random, 32)} {{ background: {image} }}"


def _font(random: Random) -> str:
    return f'  src: url("data:font/woff2;base64,d09GMgAB{_base64(random, 600)}") format("woff2");'


def _svg(random: Random) -> str:
    points = " ".join(
        f"l{random.uniform(-9, 9):.3f} {random.uniform(-9, 9):.3f}" for _ in range(14)
    )
    return f'  <path id="key-{_hex(random, 8)}" d="M12 3{points}z" />'


def _source_map(random: Random) -> str:
    mappings = ";".join(draw(random, BASE64, random.randrange(4, 40)) for _ in range(20))
    return f'{{"version":3,"file":"token.js","mappings":"{mappings}","names":["apiKey","secret"]}}'


def _notebook(random: Random) -> str:
    return (
        f'  {{"cell_type": "code", "id": "{_hex(random, 8)}", "outputs": [{{"data": {{"image/png": '
        f'"iVBORw0KGgo{_base64(random, 300)}"}}, "metadata": {{"token": null}}}}]}},'
    )


def _translation(random: Random) -> str:
    name = _words(random, 3, "_")
    text = _words(random, 5, " ")
    return f'  "{name}_password": "Your {text} password must not be the secret token {text}",'


def _test_vector(random: Random) -> str:
    text = _words(random, 3, " ")
    return (
        f'    ("{text}", "{hashlib.md5(text.encode()).hexdigest()}",\n'
        f'     "{hashlib.sha256(text.encode()).hexdigest()}"),  # md5, sha256'
    )


def _hmac_vector(random: Random) -> str:
    head = f"Count = {random.randrange(200)}\nKey = {_hex(random, 64)}"
    return f"{head}\nMsg = {_hex(random, 128)}\nMac = {_hex(random, 40)}\n"


def _trace(random: Random) -> str:
    return (
        f"2026-11-2{random.randrange(10)}T07:41:12Z INFO {_provider(random)} token refreshed "
        f"trace_id={_hex(random, 32)} span_id={_hex(random, 16)} request_id={_uuid(random)}"
    )


def _address(random: Random) -> str:
    return f'  {_words(random, 1)}Token: "0x{_hex(random, 40)}", // tx 0x{_hex(random, 64)}'


def _etag(random: Random) -> str:
    sums = f'"etag": "{_hex(random, 32)}", "md5": "{_base64(random, 16)}"'
    return f'  "{_words(random, 2, "/")}": {{{sums}}},'


def _asset(random: Random) -> str:
    name = _words(random, 2)
    return f'  "{name}.js": "assets/{_provider(random)}-token-{_hex(random, 20)}.js",'


def _names(random: Random) -> str:
    words = [word.title() for word in random.sample(_WORDS, 5)]
    name = "_".join(words).upper()
    return f"    private static final String {name}_TOKEN_KEY = {''.join(words)}.SECRET_NAME;"


def _identifier(random: Random) -> str:
    name = f"{_provider(random).replace('.', '')}_{_words(random, 4, '_')}_secret_key"
    return f'api_key = get_secret("{name}")'


def _translated_key(random: Random) -> str:
    return f'{_provider(random)}.token.key: "{_words(random, 6, ".")}"'


def _k8s_name(random: Random) -> str:
    name = _words(random, 2)
    suffix = draw(random, "bcdfghjklmnpqrstvwxz2456789", 5)
    ids = f"      uid: {_uuid(random)}\n      podHash: {_hex(random, 10)}"
    return f"      name: {name}-token-{suffix}\n{ids}"


def _terraform_state(random: Random) -> str:
    return (
        f'    "etag": "{_hex(random, 32)}",\n    "source_code_hash": "{_base64(random, 32)}",\n'
        f'    "kms_key_id": "arn:aws:kms:eu-west-1:{random.randrange(10**11, 10**12)}:key/'
        f'{_uuid(random)}",\n    "secret_arn": null,'
    )


def _image_digest(random: Random) -> str:
    image = f"{_provider(random)}/token-{_words(random, 1)}:{_version(random)}"
    return f"FROM {image}@sha256:{_hex(random, 64)}"


def _htpasswd(random: Random) -> str:
    salt = draw(random, ALNUM, 53)
    return f"{_words(random, 1)}:$2y$10${salt}"


def _csv_ids(random: Random) -> str:
    return f"{_provider(random)},{_uuid(random)},{_hex(random, 32)},{_words(random, 2, ' ')}"


def _markdown_hash(random: Random) -> str:
    return f"| {_provider(random)} | `{_hex(random, 40)}` | {_words(random, 3, ' ')} |"


def _baseline(random: Random) -> str:
    return (
        f'    {{"type": "Secret Keyword", "filename": "{_words(random, 2, "/")}.py", '
        f'"hashed_secret": "{_hex(random, 40)}", "line_number": {random.randrange(1, 900)}}},'
    )


def _schema(random: Random) -> str:
    return (
        f'    "{_variable(random).lower()}": {{"type": "string", "pattern": "^[a-f0-9]{{32}}$", '
        f'"description": "The {_words(random, 3, " ")} token, see {_provider(random)}"}},'
    )


def _jwk_public(random: Random) -> str:
    number = base64.urlsafe_b64encode(random.randbytes(256)).decode().rstrip("=")
    head = f'"kty": "RSA", "kid": "{_hex(random, 40)}", "use": "sig"'
    return f'    {{{head}, "n": "{number}", "e": "AQAB"}},'


def _wireguard_public(random: Random) -> str:
    head = f"[Peer]\nPublicKey = {_base64(random, 32)}"
    return f"{head}\nPrivateKey = <client-private-key>\nAllowedIPs = 10.8.0.2/32"


def _age_recipient(random: Random) -> str:
    return f"  - age: age1{draw(random, 'qpzry9x8gf2tvdw0s3jn54khce6mua7l', 58)}"


def _netrc(random: Random) -> str:
    return random.choice(
        (
            f"machine {_words(random, 1)}.net login deploy password ${{{_variable(random)}}}",
            "machine learning models learn the login and password fields of forms",
            "machine HOST login USER password PASSWORD",
            "//registry.acme-corp.net/:_auth" + f"Token=${{{_variable(random)}}}",
            "//registry.acme-corp.net/:_auth" + "Token=YOUR_AUTH_TOKEN",
        )
    )


def _csp(random: Random) -> str:
    sums = f'nonce="{_base64(random, 18)}" integrity="sha384-{_base64(random, 48)}"'
    return f'<script {sums} src="/{_words(random, 1)}-token.js"></script>'


def _analytics(random: Random) -> str:
    return (
        f'gtag("config", "G-{draw(random, UPPER, 10)}"); // {_provider(random)} key\n'
        f'Sentry.init({{dsn: "https://{_hex(random, 32)}@o{random.randrange(10**6)}.acme.net/4"}});'
    )


def _config_ids(random: Random) -> str:
    provider = _provider(random)
    return (
        f"{provider}.organization={_hex(random, 24)}\n"
        f"{provider}.project={draw(random, LOWER, 20)}\n"
        f"{provider}.build-revision={_hex(random, 40)}\n{provider}.secret-name={_words(random, 3)}"
    )


def _diff(random: Random) -> str:
    return (
        f"diff --git a/{_words(random, 1)}.py b/{_words(random, 1)}_token.py\n"
        f"index {_hex(random, 40)}..{_hex(random, 40)} 100644\n-token = old\n+token = new"
    )


_TABLE: Sequence[tuple[str, Maker]] = (
    ("git-log", _of("CHANGES.txt", "# secrets of ?\n", _git_log)),
    ("diff", _of("fix.patch", "", _diff)),
    ("md5-sums", _of("MD5SUMS", "# ? API key tool\n", _sums(32))),
    ("sha1-sums", _of("SHA1SUMS", "# ? token tool\n", _sums(40))),
    ("sha256-sums", _of("SHA256SUMS", "# ? secret key tool\n", _sums(64))),
    ("package-lock", _of("package-lock.json", '{\n  "packages": {\n', _package_lock, "  }\n}\n")),
    ("yarn-lock", _of("yarn.lock", "# yarn lockfile v1\n", _yarn_lock)),
    ("cargo-lock", _of("Cargo.lock", "version = 4\n", _cargo_lock)),
    ("poetry-lock", _of("poetry.lock", 'name = "?-token"\nfiles = [\n', _poetry_lock, "]\n")),
    ("go-sum", _of("go.sum", "", _go_sum)),
    ("requirements", _of("requirements.txt", "", _requirement)),
    ("nix", _of("default.nix", "{\n", _nix, "}\n")),
    ("workflow", _of(".github/workflows/ci.yml", "jobs:\n  ?:\n    steps:\n", _action)),
    ("compose-digest", _of("docker-compose.yml", "services:\n", _image)),
    ("dockerfile-digest", _of("Dockerfile", "ARG !_TOKEN\n", _image_digest)),
    (
        "object-ids",
        _of("roles.json", '{"tenant": "?", "token": null, "items": [\n', _object_id, "]}\n"),
    ),
    ("uuids", _of("main.tfvars", "# ? secrets are in the vault\n", _named_uuid)),
    ("uuid-list", _of("ids.txt", "# ? tokens by id\n", _uuid)),
    ("cache-keys", _of(".gitlab-ci.yml", "# needs !_TOKEN\n", _cache)),
    ("references", _of("deploy.txt", "# ? secrets\n", _reference)),
    ("placeholders", _of(".env.example", "# copy to .env\n", _placeholder)),
    ("named-placeholders", _of("config.sample.yml", "# set your keys\n", _named_placeholder)),
    ("key-headers", _of("test_pem.py", "# private keys\n", _key_header)),
    ("certificates", _of("ca.pem", "", _armour("CERTIFICATE", 500))),
    ("public-keys", _of("signing-key.pub", "", _armour("PUBLIC KEY", 280))),
    ("pgp-messages", _of("secret.asc", "", _armour("PGP MESSAGE", 300))),
    ("known-hosts", _of("known_hosts", "", _ssh_public)),
    ("addresses", _of("README.md", "# ?: how to connect\n", _public_address)),
    ("authorization", _of("docs/auth.md", "# ? API tokens\n", _basic_words)),
    (
        "publishable",
        _of(
            "checkout.js", "// ? secret key is on the server\nconst a = [{\n", _publishable, "}]\n"
        ),
    ),
    ("public-jwt", _of("test_jwt.py", "# ? access token\n", _public_jwt)),
    ("public-jwk", _of("jwks.json", '{"keys": [\n', _jwk_public, "]}\n")),
    ("sops", _of("secrets.enc.yaml", "?:\n", _sops)),
    (
        "ansible-vault",
        _of("vault.yml", "!_TOKEN: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n", _vault_lines),
    ),
    (
        "sealed-secrets",
        _of("sealed.yaml", "kind: SealedSecret\nspec:\n  encryptedData:\n", _sealed),
    ),
    ("ciphertexts", _of("kms.tf", "# ? api key, encrypted\n", _ciphertext)),
    ("transit", _of("settings.yml", "?:\n", _transit)),
    (
        "rails-credentials",
        lambda r: (
            "config/credentials.yml.enc",
            f"{_base64(r, 400)}--{_base64(r, 12)}--{_base64(r, 16)}\n",
        ),
    ),
    ("minified", _of("vendor.min.js", "/*! ? token sdk */\n", _minified)),
    ("css", _of("tokens.css", "/* ? */\n", _css)),
    ("fonts", _of("fonts.css", "@font-face {\n", _font, "}\n")),
    ("svg", _of("key.svg", '<svg xmlns="http://www.w3.org/2000/svg">\n', _svg, "</svg>\n")),
    ("source-maps", _of("token.js.map", "", _source_map)),
    ("notebooks", _of("usage.ipynb", '{"cells": [\n', _notebook, "]}\n")),
    ("translations", _of("en.json", "{\n", _translation, "}\n")),
    ("test-vectors", _of("test_hash.py", "# ? token digests\nCASES = [\n", _test_vector, "]\n")),
    ("hmac-vectors", _of("HMAC.rsp", "# CAVS 11.0, keys\n[L=20]\n", _hmac_vector)),
    ("traces", _of("worker.log", "", _trace)),
    ("contracts", _of("addresses.ts", "// ? access tokens\nexport default {\n", _address, "}\n")),
    ("etags", _of("manifest.json", '{"token": "?",\n', _etag, "}\n")),
    ("assets", _of("asset-manifest.json", "{\n", _asset, "}\n")),
    ("constants", _of("Tokens.java", "class Tokens { // ?\n", _names, "}\n")),
    ("identifiers", _of("settings.py", "# ?\n", _identifier)),
    ("message-keys", _of("messages.properties", "", _translated_key)),
    ("kubernetes-names", _of("pods.yaml", "# ? service account token\n", _k8s_name)),
    ("terraform-state", _of("terraform.tfstate", '{"? api_key": "",\n', _terraform_state, "}\n")),
    ("htpasswd", _of(".htpasswd", "# ? passwords\n", _htpasswd)),
    ("csv-ids", _of("accounts.csv", "service,id,etag,token owner\n", _csv_ids)),
    (
        "markdown-hashes",
        _of("AUDIT.md", "| tool | commit | token note |\n|---|---|---|\n", _markdown_hash),
    ),
    ("baselines", _of(".secrets.baseline", '{"results": [\n', _baseline, "]}\n")),
    ("schemas", _of("schema.json", '{"properties": {\n', _schema, "}}\n")),
    ("wireguard-peers", _of("wg0.conf", "", _wireguard_public)),
    ("age-recipients", _of(".sops.yaml", "creation_rules:\n", _age_recipient)),
    ("netrc", _of("docs/netrc.md", "# ?\n", _netrc)),
    ("csp", _of("index.html", "<!-- ? secret -->\n", _csp)),
    ("analytics", _of("site.js", "", _analytics)),
    ("project-ids", _of("gradle.properties", "", _config_ids)),
)

LOOK_ALIKES: tuple[LookAlike, ...] = tuple(LookAlike(name, make) for name, make in _TABLE)
