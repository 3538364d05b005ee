"""The sandbox's AWS: IAM's access keys and STS's word on who somebody is, on loopback.

It checks every signature as AWS does. `tests/sandbox/test_aws_iam.py` lets AWS's own library talk
to it. It must not know anything of keyturn's own view of tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

from keyturn.sandbox.aws_iam_world import AccessKey, Identity, User, World
from keyturn.sandbox.server import Clock, Request, Response, Router, Server

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<scope>\d{8}/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>iam|sts)/aws4_request), SignedHeaders=(?P<names>[a-z0-9;-]+),"
    r" Signature=(?P<signature>[0-9a-f]{64})"
)
# AWS's refusals have named 5 and 15 minutes; the strictest reading.
_TOLERANCE = timedelta(minutes=5)
_NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
_MOST_KEYS = 2
_REGION = "us-east-1"


class Refused(Exception):
    """Ends a request with an error of AWS's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class AwsIam(World):
    """IAM and STS of one account at one address. Call `server.start()` to serve it."""

    def __init__(self, clock: Clock, port: int = 0) -> None:
        super().__init__(clock)
        self._actions: dict[str, Callable[[Identity, Mapping[str, str]], str]] = {
            "GetCallerIdentity": self._get_caller_identity,
            "ListUsers": self._list_users,
            "ListAccessKeys": self._list_access_keys,
            "GetAccessKeyLastUsed": self._get_access_key_last_used,
            "CreateAccessKey": self._create_access_key,
            "UpdateAccessKey": self._update_access_key,
            "DeleteAccessKey": self._delete_access_key,
        }
        router = Router()
        router.add("GET", "/", self._answer)
        router.add("POST", "/", self._answer)
        unknown = _refuse(Refused(404, "UnknownOperationException", "no such address"), "iam")
        self.server = Server(router, not_found=unknown, port=port)

    @property
    def url(self) -> str:
        """The address to write as `url:`."""
        return self.server.url

    def _answer(self, request: Request) -> Response:
        service = "iam"
        try:
            identity, service = self._authenticate(request)
            given = request.query if request.method == "GET" else _form(request)
            action = given.get("Action", "")
            handler = self._actions.get(action)
            if handler is None or (service == "sts") != (action == "GetCallerIdentity"):
                raise Refused(400, "InvalidAction", "Could not find operation")
            if service == "iam" and f"iam:{action}" not in identity.may and "*" not in identity.may:
                raise Refused(
                    403, "AccessDenied", f"User: {identity.arn} is not authorized: iam:{action}"
                )
            result = handler(identity, given)
        except Refused as refusal:
            return _refuse(refusal, service)
        return _xml(200, f"{action}Response", service, result)

    def _authenticate(self, request: Request) -> tuple[Identity, str]:
        """Return who signed, and for which service. Raises Refused."""
        match = _SIGNED.fullmatch(request.headers.get("authorization", ""))
        if match is None:
            raise Refused(403, "MissingAuthenticationToken", "Missing Authentication Token")
        identity = self.find_identity(match["id"])
        token = request.headers.get("x-amz-security-token")
        if identity is None or identity.session_token != token:
            invalid = "The security token included in the request is invalid."
            raise Refused(403, "InvalidClientTokenId", invalid)
        names = match["names"].split(";")
        if not {"host", *_stamps(request)} <= set(names) <= set(request.headers):
            raise Refused(403, "SignatureDoesNotMatch", "a header is not signed")
        self._check_scope(request, match)
        if not hmac.compare_digest(
            _sign(request, names, match["scope"], identity.secret), match["signature"]
        ):
            raise Refused(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            )
        if identity.key:
            identity.key.last_used_at, identity.key.service = self.clock.now, match["service"]
        return identity, match["service"]

    def _check_scope(self, request: Request, match: re.Match[str]) -> None:
        """Look whether the signature is for here and now."""
        if match["region"] != _REGION:
            scoped = f"Credential should be scoped to a valid region, not '{match['region']}'."
            raise Refused(403, "SignatureDoesNotMatch", scoped)
        stamp = request.headers.get("x-amz-date", "")
        try:
            then = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refused(403, "IncompleteSignature", "Date must be in ISO-8601") from None
        now, minutes = self.clock.now, int(_TOLERANCE.total_seconds()) // 60
        edge = None
        if then < now - _TOLERANCE:
            edge = f"expired: {stamp} is now earlier than {_stamp(now - _TOLERANCE)}"
            edge += f" ({_stamp(now)} - {minutes} min.)"
        elif then > now + _TOLERANCE:
            edge = f"not yet current: {stamp} is still later than {_stamp(now + _TOLERANCE)}"
            edge += f" ({_stamp(now)} + {minutes} min.)"
        if edge:
            raise Refused(403, "SignatureDoesNotMatch", f"Signature {edge}")
        if match["scope"][:8] != stamp[:8]:
            raise Refused(403, "SignatureDoesNotMatch", "Date in Credential scope does not match")

    def _get_caller_identity(self, identity: Identity, _given: Mapping[str, str]) -> str:
        told = _element("Arn", identity.arn) + _element("UserId", identity.id)
        told += _element("Account", self.account)
        return f"<GetCallerIdentityResult>{told}</GetCallerIdentityResult>"

    def _list_users(self, _identity: Identity, given: Mapping[str, str]) -> str:
        rows = [_user(user) for user in self.users]
        return f"<ListUsersResult>{self._page('Users', rows, given)}</ListUsersResult>"

    def _list_access_keys(self, identity: Identity, given: Mapping[str, str]) -> str:
        user = self._named(identity, given)
        rows = [_fields(key) for key in self.keys_of(user)]
        told = self._page("AccessKeyMetadata", rows, given)
        return f"<ListAccessKeysResult>{told}</ListAccessKeysResult>"

    def _get_access_key_last_used(self, _identity: Identity, given: Mapping[str, str]) -> str:
        key = self.find_key(given.get("AccessKeyId", ""))
        if key is None:
            # Not documented; the strictest reading is a refusal that says nothing.
            raise Refused(403, "AccessDenied", "not authorized: iam:GetAccessKeyLastUsed")
        used = key.last_used_at
        last = _element("LastUsedDate", _instant(used)) if used else ""
        last += _element("ServiceName", key.service if used else "N/A")
        last += _element("Region", _REGION if used else "N/A")
        told = (
            _element("UserName", key.user.name) + f"<AccessKeyLastUsed>{last}</AccessKeyLastUsed>"
        )
        return f"<GetAccessKeyLastUsedResult>{told}</GetAccessKeyLastUsedResult>"

    def _create_access_key(self, identity: Identity, given: Mapping[str, str]) -> str:
        user = self._named(identity, given)
        if len(self.keys_of(user)) >= _MOST_KEYS:
            raise Refused(
                409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {_MOST_KEYS}"
            )
        key = self.create_key(user)
        told = _fields(key) + _element("SecretAccessKey", key.secret)
        return f"<CreateAccessKeyResult><AccessKey>{told}</AccessKey></CreateAccessKeyResult>"

    def _update_access_key(self, identity: Identity, given: Mapping[str, str]) -> str:
        key = self._meant(identity, given)
        if given.get("Status") not in ("Active", "Inactive"):
            raise Refused(400, "ValidationError", "Status must be Active or Inactive")
        key.active = given["Status"] == "Active"
        return ""

    def _delete_access_key(self, identity: Identity, given: Mapping[str, str]) -> str:
        self._meant(identity, given).deleted = True
        return ""

    def _named(self, identity: Identity, given: Mapping[str, str]) -> User:
        """Return the user of `UserName`, else the one whose key signed. Raises Refused."""
        if "UserName" not in given:
            if identity.key is None:
                raise Refused(
                    400, "ValidationError", "Must specify userName when calling with non-User"
                )
            return identity.key.user
        name = given["UserName"]
        for user in self.users:
            if user.name.casefold() == name.casefold():
                return user
        raise Refused(404, "NoSuchEntity", f"The user with name {name} cannot be found.")

    def _meant(self, identity: Identity, given: Mapping[str, str]) -> AccessKey:
        user, id = self._named(identity, given), given.get("AccessKeyId", "")
        for key in self.keys_of(user):
            if key.id == id:
                return key
        raise Refused(404, "NoSuchEntity", f"The Access Key with id {id} cannot be found.")

    def _page(self, name: str, rows: list[str], given: Mapping[str, str]) -> str:
        start, size = int(given.get("Marker", "0")), int(given.get("MaxItems", "100"))
        end = start + min(size, self.page_size)
        told = "".join(f"<member>{row}</member>" for row in rows[start:end])
        more = end < len(rows)
        told = f"<{name}>{told}</{name}>" + _element("IsTruncated", str(more).lower())
        return told + (_element("Marker", str(end)) if more else "")


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def _stamps(request: Request) -> set[str]:
    """Return the headers that AWS wants to be signed where they are sent."""
    return {name for name in request.headers if name.startswith("x-amz-")}


def _sign(request: Request, names: list[str], scope: str, secret: str) -> str:
    """Return the signature that the request should bear."""
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in request.query.items())
    told = [request.method, request.path, "&".join(f"{key}={value}" for key, value in pairs)]
    told += [f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names]
    told += ["", ";".join(names), hashlib.sha256(request.body).hexdigest()]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, digest])
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key.hex()


def _fields(key: AccessKey) -> str:
    return (
        _element("UserName", key.user.name)
        + _element("AccessKeyId", key.id)
        + _element("Status", "Active" if key.active else "Inactive")
        + _element("CreateDate", _instant(key.created_at))
    )


def _user(user: User) -> str:
    return (
        _element("Path", user.path)
        + _element("UserName", user.name)
        + _element("UserId", user.id)
        + _element("Arn", user.arn)
        + _element("CreateDate", _instant(user.created_at))
    )


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _refuse(refusal: Refused, service: str) -> Response:
    told = _element("Type", "Sender") + _element("Code", refusal.code)
    told += _element("Message", refusal.message)
    return _xml(refusal.status, "ErrorResponse", service, f"<Error>{told}</Error>")


def _xml(status: int, root: str, service: str, content: str) -> Response:
    request_id = _element("RequestId", "00000000-0000-4000-8000-000000000000")
    if root != "ErrorResponse":
        request_id = f"<ResponseMetadata>{request_id}</ResponseMetadata>"
    body = f'<{root} xmlns="{_NAMESPACES[service]}">{content}{request_id}</{root}>'
    return Response(status, body, {"Content-Type": "text/xml"})
