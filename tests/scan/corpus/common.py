"""Keys, signed tokens and addresses with passwords, which are no single vendor's."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

from tests.scan.corpus.sample import ALNUM, HEX, LOWER, Sample, draw

_LINE = 64
_SYMBOLS = "!#^*-_.~"


def _bytes(random: Random, length: int) -> bytes:
    return random.randbytes(length)


def _element(tag: int, content: bytes) -> bytes:
    """Return an element of DER."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content


def _integer(number: int) -> bytes:
    return _element(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _sequence(*elements: bytes) -> bytes:
    return _element(0x30, b"".join(elements))


def _number(random: Random, bits: int) -> int:
    return random.getrandbits(bits) | 3 << (bits - 2) | 1


def _rsa(random: Random, bits: int = 2048) -> bytes:
    """Return a key of PKCS#1; its numbers are of the right size and nothing else."""
    p, q = _number(random, bits // 2), _number(random, bits // 2)
    rest = [_number(random, bits // 2) for _ in range(3)]
    return _sequence(*map(_integer, (0, p * q, 65537, _number(random, bits - 1), p, q, *rest)))


_P256 = bytes.fromhex("06082a8648ce3d030107")
_EC = bytes.fromhex("06072a8648ce3d0201")
_RSA = bytes.fromhex("06092a864886f70d0101010500")
_ED25519 = bytes.fromhex("06032b6570")
_PBES2 = bytes.fromhex("06092a864886f70d01050d")


def _ec(random: Random) -> bytes:
    point = _element(3, b"\0\x04" + _bytes(random, 64))
    key = _element(4, _bytes(random, 32))
    return _sequence(_integer(1), key, _element(0xA0, _P256), _element(0xA1, point))


def _dsa(random: Random) -> bytes:
    numbers = (_number(random, bits) for bits in (1024, 160, 1023, 1022, 159))
    return _sequence(_integer(0), *map(_integer, numbers))


def _pkcs8(random: Random) -> bytes:
    return _sequence(_integer(0), _sequence(_RSA), _element(4, _rsa(random)))


def _pkcs8_ed25519(random: Random) -> bytes:
    key = _element(4, _element(4, _bytes(random, 32)))
    return _sequence(_integer(0), _sequence(_ED25519), key)


def _pkcs8_encrypted(random: Random) -> bytes:
    options = _sequence(_sequence(_element(4, _bytes(random, 8)), _integer(2048)))
    return _sequence(_sequence(_PBES2, options), _element(4, _bytes(random, 1232)))


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _openssh(random: Random) -> bytes:
    kind, public, seed = b"ssh-ed25519", _bytes(random, 32), _bytes(random, 32)
    check, comment = _bytes(random, 4), b"deploy@ci"
    blob = _string(kind) + _string(public)
    private = check * 2 + blob + _string(seed + public) + _string(comment)
    private += bytes(range(1, 1 + -len(private) % 8))
    none = _string(b"none")
    head = b"openssh-key-v1\0" + none + none + _string(b"") + (1).to_bytes(4, "big")
    return head + _string(blob) + _string(private)


def _pgp(random: Random) -> bytes:
    return b"\x95\x03\x98\x04" + _bytes(random, 920) + b"\xb4\x1emaria <maria@acme-corp.net>"


def _lines(data: bytes) -> str:
    text = base64.b64encode(data).decode()
    return "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))


def _armour(kind: str, data: bytes, headers: str = "") -> str:
    dashes = "-" * 5
    return f"{dashes}BEGIN {kind}{dashes}\n{headers}{_lines(data)}\n{dashes}END {kind}{dashes}\n"


_KEY = "PRIVATE" + " KEY"


def _armoured(
    kind: str, make: Callable[[Random], bytes], headers: str = ""
) -> Callable[[Random], str]:
    return lambda random: _armour((kind + " " + _KEY).strip(), make(random), headers)


def _legacy(random: Random) -> str:
    salt = draw(random, HEX, 32).upper()
    headers = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{salt}\n\n"
    return _armour("RSA " + _KEY, _bytes(random, 1200), headers)


def _pgp_block(random: Random) -> str:
    block = _armour(f"PGP {_KEY} BLOCK", _pgp(random), "Comment: made by hand - for CI\n\n")
    sum_ = base64.b64encode(_bytes(random, 3)).decode()
    return block.replace("\n" + "-" * 5 + "END", f"\n={sum_}\n" + "-" * 5 + "END")


def _ssh2(random: Random) -> str:
    body = _lines(bytes.fromhex("3f6ff9eb") + _bytes(random, 700))
    name = f"SSH2 ENCRYPTED {_KEY} ----"
    return f'---- BEGIN {name}\nComment: "rsa-key-20240114"\n{body}\n---- END {name}\n'


def _putty(random: Random) -> str:
    public, private = _lines(_bytes(random, 279)), _lines(_bytes(random, 640))
    return (
        "PuTTY-User-Key-File-" + "3: ssh-rsa\nEncryption: none\nComment: rsa-key-20240114\n"
        f"Public-Lines: {public.count(chr(10)) + 1}\n{public}\n"
        f"Private-Lines: {private.count(chr(10)) + 1}\n{private}\n"
        f"Private-MAC: {draw(random, HEX, 64)}\n"
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _age(name: str) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        values = [random.randrange(32) for _ in range(51)] + [random.randrange(2) * 16]
        spread = [ord(letter) >> 5 for letter in name] + [0] + [ord(letter) & 31 for letter in name]
        sum_ = _polymod(spread + values + [0] * 6) ^ 1
        values += [sum_ >> 5 * (5 - at) & 31 for at in range(6)]
        return (name + "1" + "".join(_BECH32[value] for value in values)).upper()

    return make


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= term * (top >> bit & 1)
    return state


def _minisign(random: Random) -> str:
    body = b"EdScB2" + _bytes(random, 152)
    return f"untrusted comment: minisign encrypted secret key\n{_base64(body)}\n"


def _signify(random: Random) -> str:
    body = b"EdBK" + (42).to_bytes(4, "big") + _bytes(random, 96)
    return f"untrusted comment: signify secret key\n{_base64(body)}\n"


def _wireguard(random: Random) -> str:
    key = bytearray(_bytes(random, 32))
    key[0] &= 248
    key[31] = key[31] & 127 | 64
    return "[Interface]\nAddress = 10.8.0.2/24\nPrivateKey" + f" = {_base64(bytes(key))}\n"


def _jwk_rsa(random: Random) -> str:
    numbers = {name: _urlsafe(_bytes(random, 256)) for name in "nd"}
    return json.dumps({"kty": "RSA", "kid": draw(random, HEX, 8), "e": "AQAB", **numbers})


def _jwk_ec(random: Random) -> str:
    numbers = {name: _urlsafe(_bytes(random, 32)) for name in "dxy"}
    return json.dumps({**numbers, "crv": "P-256", "kty": "EC", "use": "sig"})


def _jwt(random: Random) -> str:
    header = {"alg": random.choice(["HS256", "RS256"]), "typ": "JWT"}
    claims = {
        "iss": "https://login.acme-corp.net",
        "sub": draw(random, LOWER, 12),
        "iat": random.randrange(1_700_000_000, 1_760_000_000),
        "role": random.choice(["service_role", "admin", "deploy"]),
    }
    parts = [
        _urlsafe(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)
    ]
    parts.append(_urlsafe(_bytes(random, 32 if header["alg"] == "HS256" else 256)))
    return ".".join(parts)


def _password(random: Random) -> str:
    """Return a password as a manager makes it, or as a person does."""
    if random.random() < 0.5:
        return draw(random, ALNUM, random.randrange(10, 33))
    word = draw(random, "bcdfghklmnprstvz", 3).title() + draw(random, "aeiou", 2)
    return f"{word}{draw(random, 'bcdfgklmnprst', 2)}{random.randrange(10, 9999)}" + random.choice(
        _SYMBOLS
    )


def _url(scheme: str, user: str, rest: str) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        number = random.randrange(10, 99)
        return f"{scheme}://{user}:{_password(random)}@{rest.replace('#', str(number))}"

    return make


def _written(text: str) -> Callable[[Random], str]:
    """Return a maker that writes a password for `?`."""
    return lambda random: text.replace("?", _password(random))


def _basic(before: str, after: str = "") -> Callable[[Random], str]:
    return lambda random: before + _base64(f"deploy:{_password(random)}".encode()) + after


def _bearer(random: Random) -> str:
    return "Authorization: " + "Bearer " + draw(random, ALNUM, random.choice([32, 40, 64]))


def _npm_token(random: Random) -> str:
    return "//npm.acme-corp.net/:_auth" + f"Token={draw(random, ALNUM, 40)}"


def _npm_password(random: Random) -> str:
    return "//npm.acme-corp.net/:_pass" + f"word={_base64(_password(random).encode())}"


def _xml_key(random: Random) -> str:
    parts = {name: _base64(_bytes(random, size)) for name, size in (("Modulus", 256), ("D", 256))}
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    return f"<RSAKeyValue>{inside}</RSAKeyValue>"


def _sample(
    rule: str, variable: str, make: Callable[[Random], str], source: str, host: str = ""
) -> Sample:
    return Sample(rule, "Acme", variable, host, make, source)


_ARMOUR = "RFC 7468"
_URL = "RFC 3986, section 3.2.1"

SAMPLES: tuple[Sample, ...] = (
    _sample("private-key", "TLS_KEY", _armoured("RSA", _rsa), _ARMOUR),
    _sample("private-key", "TLS_KEY", _armoured("EC", _ec), _ARMOUR),
    _sample("private-key", "SIGNING_KEY", _armoured("DSA", _dsa), _ARMOUR),
    _sample("private-key", "APP_PRIVATE_KEY", _armoured("", _pkcs8), _ARMOUR),
    _sample("private-key", "APP_PRIVATE_KEY", _armoured("", _pkcs8_ed25519), _ARMOUR),
    _sample("private-key", "APP_PRIVATE_KEY", _armoured("ENCRYPTED", _pkcs8_encrypted), _ARMOUR),
    _sample("private-key", "TLS_KEY", _legacy, "RFC 1421"),
    _sample("private-key", "SSH_KEY", _armoured("OPENSSH", _openssh), "PROTOCOL.key"),
    _sample("private-key", "GPG_KEY", _pgp_block, "RFC 4880"),
    _sample("private-key", "SSH_KEY", _ssh2, "RFC 4716 (the public form)"),
    _sample("putty-private-key", "SSH_KEY", _putty, "PuTTY manual, appendix C"),
    _sample("private-key-der", "JWT_KEY", lambda r: _base64(_pkcs8(r)), "RFC 5958"),
    _sample("private-key-der", "JWT_KEY", lambda r: _base64(_rsa(r, 4096)), "RFC 8017"),
    _sample("private-key-der", "JWT_KEY", lambda r: _base64(_ec(r)), "RFC 5915"),
    _sample("age-secret-key", "SOPS_AGE_KEY", _age("age-secret-key-"), "c2sp.org, age"),
    _sample("age-secret-key", "SOPS_AGE_KEY", _age("age-secret-key-pq-"), "c2sp.org, age"),
    _sample("minisign-secret-key", "MINISIGN_KEY", _minisign, "minisign, formats"),
    _sample("signify-secret-key", "SIGNIFY_KEY", _signify, "signify(1)"),
    _sample("wireguard-key", "WG_CONF", _wireguard, "wg(8)"),
    _sample("jwk-private-key", "OIDC_JWK", _jwk_rsa, "RFC 7517"),
    _sample("jwk-private-key", "OIDC_JWK", _jwk_ec, "RFC 7517"),
    _sample("xml-rsa-private-key", "LICENSE_KEY", _xml_key, "RSA.ToXmlString"),
    _sample("jwt", "ACCESS_TOKEN", _jwt, "RFC 7519"),
    _sample(
        "url-password",
        "DATABASE_URL",
        _url("postgres", "billing", "db#.acme-corp.net/billing"),
        _URL,
    ),
    _sample(
        "url-password", "DATABASE_URL", _url("mysql+pymysql", "root", "10.0.3.#:3306/app"), _URL
    ),
    _sample(
        "url-password", "MONGO_URL", _url("mongodb+srv", "app", "c#.ab1cd.mongodb.net/db?w=1"), _URL
    ),
    _sample("url-password", "REDIS_URL", _url("redis", "", "cache#.acme-corp.net:6379/0"), _URL),
    _sample("url-password", "AMQP_URL", _url("amqps", "worker", "mq#.acme-corp.net/prod"), _URL),
    _sample(
        "url-password",
        "SMTP_URL",
        _url("smtp", "mail%40acme-corp.net", "smtp#.acme-corp.net:587"),
        _URL,
    ),
    _sample("url-password", "REPO_URL", _url("https", "maria", "git#.acme-corp.net/app.git"), _URL),
    _sample("url-password", "FTP_URL", _url("ftp", "upload", "ftp#.acme-corp.net/in"), _URL),
    _sample(
        "jdbc-password",
        "JDBC_URL",
        _written("jdbc:" + "postgresql://db.acme-corp.net/app?user=app&password=?"[:-1] + "?"),
        "jdbc.postgresql.org, use",
    ),
    _sample(
        "jdbc-password",
        "JDBC_URL",
        _written("jdbc:" + "sqlserver://db.acme-corp.net:1433;user=sa;password=?;encrypt=true"),
        "learn.microsoft.com, JDBC driver, connection URL",
    ),
    _sample(
        "oracle-password",
        "JDBC_URL",
        _written("jdbc:" + "oracle:thin:app/?@db.acme-corp.net:1521/orcl"),
        "docs.oracle.com, JDBC, database URLs",
    ),
    _sample(
        "connection-string-password",
        "DB_CONNECTION",
        _written("Server=db.acme-corp.net,1433;Database=app;User ID=app;Password=?;Encrypt=True"),
        "learn.microsoft.com, SqlConnection.ConnectionString",
    ),
    _sample("basic-authorization", "AUTH_HEADER", _basic("Authorization: Basic "), "RFC 7617"),
    _sample("bearer-authorization", "AUTH_HEADER", _bearer, "RFC 6750"),
    _sample(
        "docker-config-auth",
        "DOCKER_AUTH",
        _basic('{"auths": {"registry.acme-corp.net": {"auth": "', '"}}}'),
        "docs.docker.com, docker login",
    ),
    _sample(
        "npmrc-auth",
        "NPMRC",
        _basic("//npm.acme-corp.net/:_auth="),
        "docs.npmjs.com, npmrc",
    ),
    _sample("npmrc-auth-token", "NPMRC", _npm_token, "docs.npmjs.com, npmrc"),
    _sample("npmrc-password", "NPMRC", _npm_password, "docs.npmjs.com, npmrc"),
    _sample(
        "netrc-password",
        "NETRC",
        _written("machine git.acme-corp.net login deploy password ?"),
        "everything.curl.dev, .netrc",
    ),
    _sample(
        "netrc-password",
        "NETRC",
        _written("machine git.acme-corp.net\n  login deploy\n  password ?\n"),
        "everything.curl.dev, .netrc",
    ),
    _sample(
        "pgpass-password",
        "PGPASS",
        _written("db.acme-corp.net:5432:billing:app:?"),
        "postgresql.org, the password file",
    ),
    _sample(
        "curl-password",
        "CHECK_COMMAND",
        _written("curl -fsS -u 'deploy:?' https" + "://git.acme-corp.net/health"),
        "curl.se, manual",
    ),
)
