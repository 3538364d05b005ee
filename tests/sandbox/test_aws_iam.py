"""The sandbox's AWS, asked by AWS's own library, which signs and reads as AWS wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from keyturn.sandbox.aws_iam import AwsIam
from keyturn.sandbox.aws_iam_world import AccessKey, Session, User
from keyturn.sandbox.server import Clock


@pytest.fixture
def aws() -> Iterator[AwsIam]:
    # The library signs with this machine's time, so the sandbox's clock has to show it too; that
    # of the test, as signatures are good for five minutes.
    aws = AwsIam(Clock(datetime.now(UTC).replace(microsecond=0)))
    aws.server.start()
    yield aws
    aws.server.stop()


@pytest.fixture
def root(aws: AwsIam) -> AccessKey:
    return aws.create_key(aws.add_user("admin"), created_at=aws.clock.now - timedelta(days=1))


@pytest.fixture
def ci(aws: AwsIam, root: AccessKey) -> User:
    return aws.add_user("ci", path="/bots/")


def connect(aws: AwsIam, key: AccessKey | Session, service: str = "iam", **other: Any) -> Any:
    given = {
        "region_name": "us-east-1",
        "aws_access_key_id": key.id,
        "aws_secret_access_key": key.secret,
        "aws_session_token": key.token if isinstance(key, Session) else None,
        **other,
    }
    config = Config(retries={"total_max_attempts": 1})
    session = botocore.session.get_session()
    return session.create_client(service, endpoint_url=aws.url, config=config, **given)


def refused(call: Any, **params: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_the_life_of_a_key(aws, root, ci):
    iam = connect(aws, root)
    assert iam.list_access_keys(UserName="ci")["AccessKeyMetadata"] == []
    made = iam.create_access_key(UserName="ci")["AccessKey"]
    (key,) = aws.keys_of(ci)
    assert made == {
        "UserName": "ci",
        "AccessKeyId": key.id,
        "Status": "Active",
        "SecretAccessKey": key.secret,
        "CreateDate": aws.clock.now,
    }
    named = {"UserName": "ci", "AccessKeyId": key.id}
    iam.update_access_key(**named, Status="Inactive")
    (listed,) = iam.list_access_keys(UserName="CI")["AccessKeyMetadata"]
    assert listed == {**named, "Status": "Inactive", "CreateDate": aws.clock.now}
    assert not aws.is_alive(key)
    assert refused(iam.update_access_key, **named, Status="Gone") == (400, "ValidationError")
    iam.update_access_key(**named, Status="Active")
    assert aws.is_alive(key)
    iam.delete_access_key(**named)
    assert iam.list_access_keys(UserName="ci")["AccessKeyMetadata"] == []
    assert refused(iam.delete_access_key, **named) == (404, "NoSuchEntity")
    assert refused(iam.update_access_key, **named, Status="Inactive") == (404, "NoSuchEntity")
    assert refused(iam.list_access_keys, UserName="x") == (404, "NoSuchEntity")


def test_two_keys_at_most_be_they_active_or_not(aws, root, ci):
    iam = connect(aws, root)
    aws.create_key(ci, active=False)
    iam.create_access_key(UserName="ci")
    assert refused(iam.create_access_key, UserName="ci") == (409, "LimitExceeded")


def test_without_a_user_it_is_the_signing_keys(aws, root, ci):
    key = aws.create_key(ci)
    listed = connect(aws, key).list_access_keys()["AccessKeyMetadata"]
    assert [row["AccessKeyId"] for row in listed] == [key.id]
    session = aws.open_session("deploy")
    assert refused(connect(aws, session).list_access_keys) == (400, "ValidationError")
    assert connect(aws, session).list_access_keys(UserName="ci")["AccessKeyMetadata"]


def test_the_last_use(aws, root, ci):
    iam, key = connect(aws, root), aws.create_key(ci)
    told = iam.get_access_key_last_used(AccessKeyId=key.id)
    assert told["UserName"] == "ci"
    assert told["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    connect(aws, key, "sts").get_caller_identity()
    told = iam.get_access_key_last_used(AccessKeyId=key.id)
    used = {"LastUsedDate": aws.clock.now, "ServiceName": "sts", "Region": "us-east-1"}
    assert told["AccessKeyLastUsed"] == used
    assert refused(iam.get_access_key_last_used, AccessKeyId="A" * 20) == (403, "AccessDenied")


def test_users_in_pages(aws, root, ci):
    aws.page_size = 2
    for number in range(3):
        aws.add_user(f"user-{number}")
    iam = connect(aws, root)
    first = iam.list_users()
    assert (len(first["Users"]), first["IsTruncated"]) == (2, True)
    pages = iam.get_paginator("list_users").paginate()
    names = [user["UserName"] for page in pages for user in page["Users"]]
    assert names == ["admin", "ci", "user-0", "user-1", "user-2"]
    assert first["Users"][1]["Arn"] == f"arn:aws:iam::{aws.account}:user/bots/ci"


def test_who_somebody_is(aws, root, ci):
    told = connect(aws, aws.create_key(ci), "sts").get_caller_identity()
    assert (told["Arn"], told["Account"], told["UserId"]) == (ci.arn, aws.account, ci.id)
    told = connect(aws, aws.open_session("deploy"), "sts").get_caller_identity()
    assert told["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/deploy/job"


def test_who_is_taken_for_nobody(aws, root, ci):
    key, session = aws.create_key(ci), aws.open_session("deploy")
    unknown = (403, "InvalidClientTokenId")

    def ask(key: Any, **other: Any) -> tuple[int, str]:
        return refused(connect(aws, key, "sts", **other).get_caller_identity)

    assert ask(key, aws_secret_access_key="x" * 40) == (403, "SignatureDoesNotMatch")
    assert ask(key, region_name="eu-west-1") == (403, "SignatureDoesNotMatch")
    assert ask(session, aws_session_token=None) == unknown
    assert ask(key, aws_session_token=session.token) == unknown
    key.active = False
    assert ask(key) == unknown
    key.active, aws.delay = True, timedelta(seconds=10)
    assert ask(key) == unknown
    aws.clock.advance(timedelta(seconds=10))
    connect(aws, key, "sts").get_caller_identity()
    key.deleted = True
    assert ask(key) == unknown


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_signature_of_another_time(aws, root, hours):
    aws.clock.advance(timedelta(hours=hours))
    with pytest.raises(ClientError, match=r"Signature (expired|not yet current): .* 5 min\.\)"):
        connect(aws, root).list_users()


def test_what_it_may_not(aws):
    key = aws.create_key(aws.add_user("ci", may=["iam:ListUsers"]))
    iam = connect(aws, key)
    assert iam.list_users()["Users"]
    assert refused(iam.list_access_keys) == (403, "AccessDenied")
    assert connect(aws, key, "sts").get_caller_identity()["Account"] == aws.account


def test_what_is_not_there(aws, root):
    assert refused(connect(aws, root).list_roles) == (400, "InvalidAction")
    assert refused(connect(aws, root, "sts").get_session_token) == (400, "InvalidAction")
    assert httpx.get(aws.url).status_code == 403
    assert httpx.get(f"{aws.url}/elsewhere").status_code == 404


@pytest.mark.parametrize("stamp", ["", "20261122", "now", "99999999T999999Z", None])
def test_a_time_that_is_none(aws, root, stamp):
    """Refused before the signature is looked at."""
    scope = f"{aws.clock.now:%Y%m%d}/us-east-1/iam/aws4_request"
    signed = f"Credential={root.id}/{scope}, SignedHeaders=host"
    headers = {} if stamp is None else {"x-amz-date": stamp}
    signed += "" if stamp is None else ";x-amz-date"
    headers["authorization"] = f"AWS4-HMAC-SHA256 {signed}, Signature={'0' * 64}"
    answer = httpx.get(f"{aws.url}/", headers=headers)
    assert (answer.status_code, "IncompleteSignature" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("days", "names", "more", "words"),
    [
        (1, "host;x-amz-date", {}, "Date in Credential scope"),
        (0, "host;x-amz-date", {"x-amz-more": "1"}, "not signed"),
        (0, "host;x-amz-date;x-more", {}, "not signed"),
        (0, "x-amz-date", {}, "not signed"),
        (0, "host;x-amz-date", {}, "does not match"),
    ],
)
def test_what_is_not_signed_for_here(aws, root, days, names, more, words):
    scope = f"{aws.clock.now - timedelta(days=days):%Y%m%d}/us-east-1/iam/aws4_request"
    signed = f"Credential={root.id}/{scope}, SignedHeaders={names}, Signature={'0' * 64}"
    headers = {"x-amz-date": f"{aws.clock.now:%Y%m%dT%H%M%SZ}", **more}
    headers["authorization"] = f"AWS4-HMAC-SHA256 {signed}"
    answer = httpx.get(f"{aws.url}/", headers=headers)
    assert (answer.status_code, words in answer.text) == (403, True)
