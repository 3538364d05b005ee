"""Every face of a dead token has a line that shows it, and one that nearly does."""

from __future__ import annotations

import time

import pytest

from keyturn.first_setup.guess_tables import ISSUERS, PROVIDERS
from keyturn.silence.faces import FACES, find_face

LINES = {
    "GitHub: Bad credentials": ("HttpError: Bad credentials", "bad credential store"),
    "GitHub: refused for its lifetime by the organization's policy": (
        "The 'octo' organization forbids access via a fine-grained personal access tokens"
        " if the token's lifetime is greater than 366 days.",
        "The 'octo' organization forbids access via a personal access token (classic).",
    ),
    "npm: 404 for a PUT, which is how a refused upload looks": (
        "npm error 404 Not Found - PUT https://npm.example/@octo%2fapp - Not found",
        "npm error code E404\nnpm error 404 Not Found - GET https://npm.example/left-pad",
    ),
    "npm: E401": ("npm ERR! code E401", "npm ERR! code ELIFECYCLE"),
    "git: could not read a user name, which it asks for once a token is refused": (
        "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
        "fatal: could not read from remote repository",
    ),
    "git: authentication failed": (
        "fatal: Authentication failed for 'https://git.example/octo/app.git/'",
        "Authentication failed. Retrying with another method",
    ),
    "GitLab: HTTP Basic: Access denied": (
        "remote: HTTP Basic: Access denied. The provided password or token is incorrect",
        "remote: HTTP Basic authentication is used",
    ),
    "GitLab: the token is expired or was revoked": (
        '{"error":"invalid_token","error_description":"Token is expired. You can either do'
        ' re-authorization or token refresh."}',
        "Token is expired; using the refresh token",
    ),
    "Docker Hub: incorrect username or password": (
        "Error response from daemon: unauthorized: incorrect username or password",
        "unauthorized: authentication required",
    ),
    "a package index: invalid or non-existent authentication information": (
        "HTTPError: 403 Invalid or non-existent authentication information.",
        "HTTPError: 403 Forbidden",
    ),
    "AWS: the access key does not exist, or has expired": (
        "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation",
        "An error occurred (AccessDenied) when calling the PutObject operation",
    ),
    "Entra: the client secret has expired": (
        "AADSTS7000222: The provided client secret keys for app '***' are expired.",
        "AADSTS700022: something else",
    ),
    "Azure DevOps: not authorized (TF400813)": (
        "TF400813: The user '' is not authorized to access this resource.",
        "TF4008130",
    ),
    "SailPoint: JWT validation failed": (
        '{"error": "JWT validation failed: JWT is expired"}',
        "JWT validation failed: wrong audience",
    ),
    "an HTTP answer of 401": (
        "curl: (22) The requested URL returned error: 401",
        "uploaded 401 files",
    ),
}


def test_every_face_has_its_lines_and_its_source() -> None:
    assert set(LINES) == {face.words for face in FACES}
    assert all(face.source for face in FACES)


@pytest.mark.parametrize("words", LINES)
def test_a_face_and_its_near_miss(words: str) -> None:
    shown, near = LINES[words]
    found = find_face(shown)
    assert found is not None
    assert found.words == words
    assert find_face(near) is None


@pytest.mark.parametrize(
    "line",
    [
        "404 Not Found",
        "403 Forbidden",
        "Error: Process completed with exit code 1.",
        "tests/test_auth.py::test_unauthorized FAILED",
        "npm warn deprecated",
        "o.s.s.authentication.BadCredentialsException: Bad credentials",
        '{"timestamp":1,"status":401,"error":"Unauthorized","message":"Bad credentials"}',
        '{"code": 401, "message": "Bad credentials."}',
        "AssertionError: expected 'Bad credentials' to equal ''",
        "remote: Permission to octo/app.git denied to github-actions[bot].",
    ],
)
def test_what_may_have_other_reasons_is_no_face(line: str) -> None:
    assert find_face(line) is None


@pytest.mark.parametrize(
    "line",
    [
        '{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest"}',
        '{\n  "message": "Bad credentials",\n  "status": "401"\n}',
        "gh: Bad credentials (HTTP 401)",
        "HTTP 401: Bad credentials (https://api.github.com/graphql)",
        "GET https://api.github.com/user: 401 Bad credentials []",
        "##[error]Bad credentials",
        "##[error]Bad credentials - https://docs.github.com/rest",
    ],
)
def test_how_the_programs_of_github_say_it(line: str) -> None:
    found = find_face(line)
    assert found
    assert found.words == "GitHub: Bad credentials"


def test_a_token_has_only_the_faces_of_its_issuer() -> None:
    shown = LINES["GitLab: HTTP Basic: Access denied"][0]
    assert find_face(shown, issuer="gitlab")
    assert find_face(shown, issuer="declared")
    assert find_face(shown, issuer="github") is None
    assert find_face("HTTP 401", issuer="github")
    git = "fatal: could not read Username for 'https://github.com': terminal prompts disabled"
    assert find_face(git, issuer="github")
    assert find_face(git, issuer="aws-iam") is None
    assert find_face(git, issuer="Sonar") is None


def test_the_issuers_are_called_as_everywhere() -> None:
    known = {*PROVIDERS.values(), *(issuer for issuer, _ in ISSUERS)}
    assert {name for face in FACES for name in face.of} <= known


def test_what_a_test_suite_prints_on_the_way_is_no_401_of_ours() -> None:
    shown = "GET /login HTTP/1.1 401 Unauthorized\n"
    assert find_face(shown + "ok\n" * 39)
    assert find_face(shown + "ok\n" * 40) is None


def test_a_hostile_log_takes_no_time() -> None:
    start = time.monotonic()
    find_face("forbids access via a personal access tokens" * 40_000)
    assert time.monotonic() - start < 2
