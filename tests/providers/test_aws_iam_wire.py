"""What goes over the wire to AWS: signatures and XML, against what others say about both."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from keyturn.errors import CredentialRejected, ProviderRefused, TokenNotFound
from keyturn.interfaces import Access
from keyturn.model import Precision, State, Token
from keyturn.providers._aws_options import Options
from keyturn.providers._aws_signature import Key, canonical_query, sign
from keyturn.providers._aws_xml import read_xml
from keyturn.providers.aws_iam import AwsIam
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport

THEN = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
# The pair of AWS's documentation, put together at run time like every key here.
EXAMPLE = Key(
    SecretValue("AKID" + "EXAMPLE"),
    SecretValue("wJalrXUtnFEMI/K7MDENG" + "+bPxRfiCY" + "EXAMPLEKEY"),
)
FORM = "application/x-www-form-urlencoded"


# AWS's test suite for Signature Version 4: get-vanilla, post-vanilla,
# get-vanilla-query-order-key-case, post-x-www-form-urlencoded.
@pytest.mark.parametrize(
    ("method", "query", "body", "signature"),
    [
        ("GET", {}, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            {"Param2": "value2", "Param1": "value1"},
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "POST",
            {},
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
)
def test_the_published_vectors(method, query, body, signature):
    headers = sign(
        method,
        f"https://example.amazonaws.com/?{canonical_query(query)}",
        key=EXAMPLE,
        region="us-east-1",
        service="service",
        now=THEN,
        content_type=FORM if body else "",
        body=body.encode(),
    )
    names = "content-type;host;x-amz-date" if body else "host;x-amz-date"
    scope = "20150830/us-east-1/service/aws4_request"
    assert headers["authorization"] == (
        f"AWS4-HMAC-SHA256 Credential={EXAMPLE.id.reveal()}/{scope},"
        f" SignedHeaders={names}, Signature={signature}"
    )


def test_the_example_of_the_documentation():
    """AWS's page on signing: ListUsers of IAM."""
    headers = sign(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        key=EXAMPLE,
        region="us-east-1",
        service="iam",
        now=THEN.astimezone(tz=None),
        content_type=f"{FORM}; charset=utf-8",
    )
    assert str(headers["authorization"]).endswith(
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    method=st.sampled_from(["GET", "POST"]),
    params=st.dictionaries(_texts, _texts, max_size=4),
    token=st.none() | st.text("abc+/=", min_size=1, max_size=20),
    age=st.timedeltas(timedelta(0), timedelta(days=30_000)),
)
def test_the_same_as_aws_own_library(method, params, token, age):
    form = params if method == "POST" else None
    body = urlencode(form).encode() if form else b""
    url = "https://iam.amazonaws.com/?" + ("" if form else canonical_query(params))
    key = Key(EXAMPLE.id, EXAMPLE.secret, SecretValue(token) if token else None)
    mine = sign(
        method,
        url,
        key=key,
        region="eu-west-1",
        service="iam",
        now=THEN + age,
        content_type=FORM if form else "",
        body=body,
    )
    theirs = SigV4Auth(Credentials(key.id.reveal(), key.secret.reveal(), token), "iam", "eu-west-1")
    shown = {name: v if isinstance(v, str) else v.reveal() for name, v in mine.items()}
    shown.pop("authorization")
    request = AWSRequest(method, url, headers=shown, data=body)
    request.context["timestamp"] = mine["x-amz-date"]
    to_sign = theirs.string_to_sign(request, theirs.canonical_request(request))
    assert str(mine["authorization"]).endswith(f"Signature={theirs.signature(to_sign, request)}")


def test_a_signature_shows_no_secret():
    key = Key(EXAMPLE.id, EXAMPLE.secret, SecretValue("s" * 20))
    headers = sign("GET", "https://x/?", key=key, region="r", service="s", now=THEN)
    assert key.secret.reveal() not in str(headers) + repr(key)
    assert "ssss" not in str(headers) + repr(key)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"<a/>", {"a": ""}),
        (b"<a>x&amp;y</a>", {"a": "x&y"}),
        (b"<a> <b>1</b>\n<c>2</c></a>", {"a": {"b": "1", "c": "2"}}),
        (b"<a><member>1</member><member><b>2</b></member></a>", {"a": ["1", {"b": "2"}]}),
        (b'<?xml version="1.0"?><a xmlns="urn:x" b="c">\xc3\xa9</a>', {"a": "\xe9"}),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', {"a": ""}),
        (b"<a><![CDATA[<b>]]></a>", {"a": "<b>"}),
    ],
)
def test_what_xml_is_read_as(body, content):
    assert read_xml(body) == content


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        b"<a>",
        b"<a/><b/>",
        b"<a><b>1</b><b>2</b></a>",
        b"<a><member>1</member><b>2</b><b>3</b></a>",
        b"<a>1<b>2</b></a>",
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        b"<!DOCTYPE a [<!ENTITY x 'xx'><!ENTITY y '&x;&x;'>]><a>&y;</a>",
        b"<a>&unknown;</a>",
        b'<?xml version="1.0" encoding="latin-1"?><a>\xe9</a>',
        b"<a>" * 21 + b"</a>" * 21,
    ],
)
def test_what_is_not_read(body):
    with pytest.raises(ValueError, match=r"not XML|a document type|too deep|twice|between"):
        read_xml(body)


@given(st.binary(max_size=60) | st.text("<>/ab&;!", max_size=40).map(str.encode))
def test_no_bytes_break_the_reader(body):
    with contextlib.suppress(ValueError):
        assert len(read_xml(body)) == 1


class _Moto:
    """AWS as the project `moto` has built it again, in a server of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.manager = Access({"": SecretValue("AKIA" + "M" * 16 + ":" + "s" * 40)}, own=False)

    def declare(self, **options: Any) -> Token:
        given = Options.model_validate({"url": self.url, **options})
        return Token("t", "aws-iam", options=given.model_dump())


@pytest.fixture(scope="module")
def moto() -> Iterator[_Moto]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield _Moto(f"http://{host}:{port}")
    server.stop()


def test_the_life_of_a_key_at_moto(moto: _Moto):
    """The actions, parameters and answers are those that others know too."""
    now = datetime.now(UTC)
    with Transport() as transport:
        create = sign(
            "POST",
            f"{moto.url}/",
            key=EXAMPLE,
            region="us-east-1",
            service="iam",
            now=now,
        )
        transport.request(
            "POST", f"{moto.url}/", headers=create, form={"Action": "CreateUser", "UserName": "ci"}
        )
        aws, declared = AwsIam(transport), moto.declare(user="ci")

        def mint(like: str | None) -> Any:
            until = now + timedelta(days=90)
            return aws.mint(declared, moto.manager, like=like, name="n", expires_at=until, now=now)

        with pytest.raises(TokenNotFound):
            aws.inspect(declared, moto.manager, now=now)
        first = mint(None)
        status = aws.inspect(declared, moto.manager, now=now)
        assert (status.token_id, status.owner) == (first.status.token_id, "ci")
        assert (status.state, status.precision) == (State.ACTIVE, Precision.NOT_APPLICABLE)
        assert status.created_at is not None
        assert abs(status.created_at - now) < timedelta(minutes=5)
        second = mint(first.status.token_id)
        with pytest.raises(ProviderRefused):
            mint(first.status.token_id)
        own = Access(second.parts, own=True, value=second.parts)
        itself = aws.inspect(moto.declare(), own, now=now)
        assert (itself.owner, itself.token_id) == ("ci", second.status.token_id)
        aws.revoke(declared, moto.manager, token_id=first.status.token_id, now=now)
        rows = aws.list_tokens(moto.declare(), moto.manager, now=now)
        assert [row.status.token_id for row in rows] == [second.status.token_id]
        aws.revoke(declared, moto.manager, token_id=first.status.token_id, now=now)
        with pytest.raises((CredentialRejected, TokenNotFound)):
            aws.inspect(moto.declare(user="nobody"), moto.manager, now=now)
