"""Formats that are no single vendor's: private keys, signed tokens, addresses with passwords."""

from __future__ import annotations

from keyturn.scan.pattern import CHECKSUM, FIXED, FORM, GUESS, STRUCTURE, Pattern

_RFC_PEM = "RFC 7468 and RFC 4880 (armour), PROTOCOL.key of OpenSSH, 2026-11"
_SPACE = "(?: |%20|[+])"
_KEY_BYTES = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=(?![A-Za-z0-9+/])"
_QUOTE = r"(?:\\{0,3}[\"']{1,2}|&quot;)"
_TYPED = r"[^\s\"'<>;&|`\\]"

ROWS: tuple[Pattern, ...] = (
    Pattern(
        "private-key",
        # A certificate begins as a key does, but for the next word.
        (
            *(f"-----BEGIN {kind}PRIVATE" for kind in ("", "RSA ", "EC ", "DSA ", "ENCRYPTED ")),
            *("-----BEGIN OPENSSH PRIVATE", "-----BEGIN PGP PRIVATE", "---- BEGIN SSH2 ENCRYPTED"),
            *("-----BEGIN ANY PRIVATE", "-----BEGIN%20", "-----BEGIN+"),
        ),
        rf"-----?(?:{_SPACE})?BEGIN{_SPACE}(?:[A-Z0-9]{{2,12}}{_SPACE}){{0,3}}PRIVATE{_SPACE}KEY"
        rf"(?:{_SPACE}BLOCK)?(?:{_SPACE})?-----?"
        r"[^-]{0,16000}(?:-(?!---)[^-]{0,16000}){0,24}(?=-----?(?: ?END|%20END))",
        STRUCTURE,
        _RFC_PEM,
        "private-key",
        reach=16384,
    ),
    # The same without armour, as one line: what stands before the key itself is always equal.
    Pattern(
        "private-key-der",
        (
            "ADANBgkqhkiG9w0BAQEFAASC",  # PKCS#8, RSA
            "IBAAKCAQEA",  # PKCS#1, RSA of 2048 bits
            "IBAAKCAgEA",  # 4096
            "IBAAKCAYEA",  # 3072
            "IBAAKBgQ",  # 1024
            "MHcCAQEEI",  # SEC 1, P-256
            "MIGkAgEBBD",  # P-384
            "MIHcAgEBBE",  # P-521
            "AgEAMBMGByqGSM49AgEG",  # PKCS#8, P-256
            "AgEAMBAGByqGSM49AgEG",  # P-384, P-521, secp256k1
            "CAQAwBQYDK2VwBCIEI",  # Ed25519
            "CAQAwBQYDK2VuBCIEI",  # X25519
        ),
        r"M[CHI][A-Za-z0-9+/]{46,12000}(?:\\?\r?\n[ \t]{0,40}[A-Za-z0-9+/]{16,200}){0,200}={0,2}"
        "(?![A-Za-z0-9+/])",
        STRUCTURE,
        "RFC 8017, RFC 5915, RFC 5958 and RFC 8410: the first bytes of their DER, 2026-11",
        "der-key",
        lead=9,
        reach=12288,
    ),
    Pattern(
        "putty-private-key",
        ("PuTTY-User-Key-File-",),
        r"PuTTY-User-Key-File-[123]: ?[a-z0-9@.-]{3,40}[\s\S]{20,6000}?Private-Lines: ?[0-9]{1,3}"
        r"[\s\S]{40,12000}?(?=Private-(?:MAC|Hash))",
        STRUCTURE,
        "the.earth.li, PuTTY manual, appendix C: PPK file format, 2026-11",
        "putty-key",
        reach=16384,
    ),
    Pattern(
        "age-secret-key",
        ("AGE-SECRET-KEY-",),
        "AGE-SECRET-KEY-(?:PQ-)?1[AC-HJ-NP-Z02-9]{58}(?![A-Z0-9])",
        CHECKSUM,
        "c2sp.org, age, X25519 identities; checksum seen in published ones, 2026-11",
        "age-key",
    ),
    Pattern(
        "minisign-secret-key",
        ("RWRTY0Iy", "RWQAAEIy"),
        "RW(?:RTY0Iy|QAAEIy)[A-Za-z0-9+/]{203}=",
        FIXED,
        "jedisct1.github.io, minisign, secret key format: Ed, Sc or 0, B2, 2026-11",
    ),
    Pattern(
        "signify-secret-key",
        ("RWRCSwAAA",),
        "RWRCSwAAA[A-Za-z0-9+/]{130}=",
        FIXED,
        "man.openbsd.org, signify; its source: Ed, BK, rounds, 2026-11",
    ),
    Pattern(
        "wireguard-key",
        ("PrivateKey", "PresharedKey", "WIREGUARD_PRIVATE_KEY", "WIREGUARD_PRESHARED_KEY"),
        r"(?:P(?:rivate|reshared)Key|WIREGUARD_PR(?:IVATE|ESHARED)_KEY)[\"']?"
        rf" ?[=:] ?[\"']?({_KEY_BYTES})",
        STRUCTURE,
        "wireguard.com, wg(8), configuration file format; RFC 7748 (fixed bits), 2026-11",
        "wireguard-key",
    ),
    # The private part may stand before the key's type or behind it.
    Pattern(
        "jwk-private-key",
        ('kty"', "kty'", "kty\\", "kty&quot;"),
        rf"\{{[^{{}}]{{0,1600}}?{_QUOTE}[dk]{_QUOTE}\s?:\s?{_QUOTE}([A-Za-z0-9_-]{{20,1400}})"
        r"(?![A-Za-z0-9_-])[^{}]{0,1600}",
        STRUCTURE,
        "RFC 7517, RFC 7518 and RFC 8037, JSON Web Key, 2026-11",
        "jwk",
        lead=1600,
        reach=3200,
    ),
    Pattern(
        "xml-rsa-private-key",
        ("<D>", "&lt;D&gt;"),
        r"(?:<D>|&lt;D&gt;)([A-Za-z0-9+/\s]{84,1400}={0,2}\s{0,40})(?=</D>|&lt;/D&gt;)",
        STRUCTURE,
        "learn.microsoft.com, RSA.ToXmlString, 2026-11",
        "xml-key",
        reach=2048,
    ),
    # Not behind a dot or underscore: there it is the body of another token.
    Pattern(
        "jwt",
        ("eyJ",),
        r"(?<![A-Za-z0-9_][_.-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,6000}"
        r"\.[A-Za-z0-9_-]{22,1400}(?![A-Za-z0-9_-]|\.[A-Za-z0-9_-])",
        STRUCTURE,
        "RFC 7519, JSON Web Token, 2026-11",
        "jwt",
        reach=9600,
    ),
    Pattern(
        "url-password",
        ("://:@",),
        r"://[^\s:/@\"'<>`\\]{0,64}:([^\s/@\"'<>|`\\]{3,512})@"
        r"[A-Za-z0-9\[][A-Za-z0-9.:_-]{0,253}",
        FORM,
        "RFC 3986, section 3.2.1: user information, 2026-11",
        "address",
        entropy=1.9,
        lead=584,
        reach=256,
    ),
    Pattern(
        "jdbc-password",
        ("jdbc:",),
        rf"jdbc:[^\s\"'<>`]{{4,440}}?[;?&:](?i:password|pwd)=({_TYPED}{{5,128}})",
        FORM,
        "docs.oracle.com, java.sql.DriverManager, and the drivers' properties, 2026-11",
        "password",
        entropy=1.9,
        reach=640,
    ),
    Pattern(
        "oracle-password",
        ("jdbc:oracle:",),
        r"jdbc:oracle:(?:thin|oci8?):[^\s/@\"'<>`]{1,64}/([^\s/@\"'<>`\\]{5,128})(?=@)",
        FORM,
        "docs.oracle.com, JDBC developer's guide, database URLs, 2026-11",
        "password",
        entropy=1.9,
    ),
    Pattern(
        "connection-string-password",
        tuple(
            f";{space}{name}="
            for space in ("", " ")
            for word in ("password", "pwd")
            for name in (word, word.title(), word.upper())
        ),
        rf"; ?(?i:password|pwd)=({_TYPED}{{5,128}})",
        FORM,
        "learn.microsoft.com, SqlConnection.ConnectionString, 2026-11",
        "password",
        entropy=1.9,
    ),
    Pattern(
        "basic-authorization",
        ("Basic ", "basic "),
        "[Bb]asic ([A-Za-z0-9+/]{8,600}={0,2})(?![A-Za-z0-9+/])",
        FORM,
        "RFC 7617, the Basic authentication scheme, 2026-11",
        "basic",
        entropy=2.5,
    ),
    Pattern(
        "bearer-authorization",
        ("Bearer ",),
        r"(?i:authorization)[\"'\\]{0,4}\s{0,3}[:=,]\s{0,3}[\"'`\\]{0,4}Bearer "
        r"([A-Za-z0-9._~+/-]{20,600}={0,2})(?![A-Za-z0-9._~+/-])",
        FORM,
        "RFC 6750, bearer tokens, 2026-11",
        "opaque",
        entropy=3.4,
        lead=32,
    ),
    Pattern(
        "docker-config-auth",
        ('"auth"', '\\"auth\\', "&quot;auth&quot;"),
        rf"{_QUOTE}auth{_QUOTE}\s{{0,4}}:\s{{0,4}}{_QUOTE}([A-Za-z0-9+/]{{8,2000}}={{0,2}}){_QUOTE}",
        FORM,
        "docs.docker.com, docker login, credential stores, 2026-11",
        "basic",
        entropy=2.5,
        reach=2100,
    ),
    Pattern(
        "npmrc-auth",
        ("_auth=", "_auth ="),
        r"_auth ?= ?[\"']?([A-Za-z0-9+/]{8,600}={0,2})(?![A-Za-z0-9+/(\[])",
        FORM,
        "docs.npmjs.com, npmrc, auth related configuration, 2026-11",
        "basic",
        entropy=2.5,
    ),
    Pattern(
        "npmrc-auth-token",
        (":_authToken",),
        r":_authToken ?= ?[\"']?([A-Za-z0-9+/_.=~-]{16,600})(?![A-Za-z0-9+/_.~-])",
        FORM,
        "docs.npmjs.com, npmrc, auth related configuration, 2026-11",
        "opaque",
        entropy=3.0,
    ),
    Pattern(
        "npmrc-password",
        (":_password",),
        r":_password ?= ?[\"']?([A-Za-z0-9+/]{8,600}={0,2})(?![A-Za-z0-9+/])",
        FORM,
        "docs.npmjs.com, npmrc, auth related configuration, 2026-11",
        "base64-password",
        entropy=2.0,
    ),
    Pattern(
        "netrc-password",
        ("machine ",),
        r"machine\s{1,8}[A-Za-z0-9.:_-]{1,253}\s{1,16}(?:login\s{1,8}\S{1,128}\s{1,16})?"
        r"(?:account\s{1,8}\S{1,128}\s{1,16})?password\s{1,8}([^\s\"'<>|`\\]{5,600})",
        FORM,
        "everything.curl.dev, .netrc, 2026-11",
        "password",
        entropy=1.9,
        reach=1400,
    ),
    Pattern(
        "pgpass-password",
        (":5432:",),
        r"[A-Za-z0-9.*_-]{1,128}:5432:[^\s:\"'`]{1,63}:[^\s:\"'`]{1,63}:([^\s:,\"'<>|`]{5,128})",
        FORM,
        "postgresql.org, the password file, 2026-11",
        "password",
        entropy=1.9,
        lead=128,
        reach=400,
    ),
    Pattern(
        "curl-password",
        ("curl ",),
        r"curl\s(?:[^\n|;]|\\\n){0,400}?(?<=\s)(?:-u|--user|--proxy-user)[ =]{0,2}[\"']?"
        r"[^\s\"':$<{]{1,128}:([^\s\"'<>|`\\]{5,600})",
        FORM,
        "curl.se, manual, --user, 2026-11",
        "password",
        entropy=2.2,
        reach=1200,
    ),
)

_NAMES = "secret token passw pwd passphrase credential api_key api-key apikey access_key auth_key"
GENERIC = Pattern(
    "generic-secret",
    tuple(
        spelling
        for name in _NAMES.split()
        for spelling in (name, name.upper(), name.title(), name.title().replace("_", ""))
    ),
    # What stands before may say that the value is none, which `assignment` has to see.
    r"(?i:(?:hashed|encrypted|sealed)[_-]?)?"
    r"(?i:secret|token|passw|pwd|passphrase|credential|(?:api|access|auth)[_-]?key)[A-Za-z0-9_.-]{0,24}"
    r"[\"'\\]{0,4}\s{0,4}(?:=>|:=|[:=])\s{0,4}[\"'`\\]{0,4}([A-Za-z0-9+/_.=~!@#%^*-]{12,200})"
    r"(?![A-Za-z0-9+/_.=~!@#%^*(\[{-])",
    GUESS,
    "a name and a value, no vendor's format; off unless asked for",
    "assignment",
    entropy=3.2,
    lead=len("encrypted_"),
    reach=320,
)
"""An assignment to a name that says secret; not among `ROWS`."""
