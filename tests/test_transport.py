from __future__ import annotations

import datetime as dt
import logging
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from keyturn import __version__
from keyturn.errors import CredentialRejected, ProviderUnavailable, UsageError
from keyturn.sandbox.server import Fault, Response, Router, Server
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport

MIB = 1 << 20
VALUE = "value-" + "q" * 20


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def __call__(self) -> float:
        return sum(self.slept)


@pytest.fixture
def server() -> Iterator[Server]:
    router = Router()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        router.add(method, "/thing", lambda _request: Response(200, {"ok": True}))
    server = Server(router, not_found=Response(404, {"message": "404"}))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def transport(clock: Time) -> Iterator[Transport]:
    with Transport(sleep=clock.sleep, clock=clock) as transport:
        yield transport


def get(transport: Transport, server: Server, path: str = "/thing"):
    return transport.request("GET", server.url + path, headers={"X-Key": SecretValue(VALUE)})


def fail_with(server: Server, response: Response | None, times: int = 1000) -> Callable[[], int]:
    """Put a fault in, and return what counts how often it struck."""
    fault = Fault(".", response, drop=response is None, times=times)
    server.faults.append(fault)
    return lambda: times - (fault.times or 0)


def test_sends_what_it_is_given(server, transport):
    reply = transport.request(
        "POST",
        f"{server.url}/thing",
        headers={"X-Key": SecretValue(VALUE), "X-Plain": "a b"},
        params={"page": 2},
        json={"name": "ü"},
    )
    assert (reply.status, reply.json()) == (200, {"ok": True})
    assert reply.headers["content-type"].startswith("application/json")
    (request,) = [exchange.request for exchange in server.exchanges]
    assert request.headers["x-key"] == VALUE
    assert request.headers["x-plain"] == "a b"
    assert request.headers["user-agent"] == f"keyturn/{__version__}"
    assert (request.query, request.json) == ({"page": "2"}, {"name": "ü"})


def test_a_reply_shows_nothing_of_itself(server, transport):
    shown = repr(get(transport, server))
    assert "ok" not in shown
    assert "json" not in shown


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(("failures", "passes"), [(2, True), (3, False)])
def test_a_question_is_asked_up_to_three_times(server, transport, clock, status, failures, passes):
    struck = fail_with(server, Response(status), times=failures)
    if passes:
        assert get(transport, server).status == 200
    else:
        with pytest.raises(ProviderUnavailable, match=f"\\({status}\\)"):
            get(transport, server)
    assert struck() == failures
    assert len(clock.slept) == 2
    assert 0 < clock.slept[0] <= 0.5 < sum(clock.slept) <= 1.5


@pytest.mark.parametrize("status", [500, 501, 505])
def test_an_error_of_another_kind_is_not_asked_again(server, transport, status):
    struck = fail_with(server, Response(status))
    with pytest.raises(ProviderUnavailable, match=str(status)):
        get(transport, server)
    assert struck() == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("response", [None, Response(429), Response(503)])
def test_what_changes_something_is_sent_once(server, transport, clock, method, response):
    struck = fail_with(server, response)
    with pytest.raises(ProviderUnavailable):
        transport.request(method, f"{server.url}/thing", headers={})
    assert struck() == 1
    assert clock.slept == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_an_answer(server, transport, status):
    struck = fail_with(server, Response(status, {"message": "no"}))
    assert get(transport, server).status == status
    assert struck() == 1


def _http_date(seconds: float) -> str:
    return format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "0"}, 0, 0),
        ({"Retry-After": lambda: _http_date(9)}, 7, 9),
        ({"Retry-After": lambda: _http_date(-90)}, 0, 0),
        ({"RateLimit-Reset": lambda: str(int(time.time()) + 9)}, 7, 9),
        ({"RateLimit-Reset": "5"}, 0, 0),
        ({"Retry-After": "3", "RateLimit-Reset": "9999999999"}, 3, 3),
        ({"Retry-After": "soon"}, 0.2, 0.5),
        ({"Retry-After": "-5"}, 0.2, 0.5),
        ({"Retry-After": "1e9"}, 0.2, 0.5),
        ({"RateLimit-Reset": "tomorrow"}, 0.2, 0.5),
        ({}, 0.2, 0.5),
    ],
)
def test_waits_as_long_as_it_is_asked_to(server, transport, clock, headers, least, most):
    sent = {name: value() if callable(value) else value for name, value in headers.items()}
    fail_with(server, Response(429, None, {"Date": _http_date(0), **sent}), times=1)
    assert get(transport, server).status == 200
    (slept,) = clock.slept
    assert least <= slept <= most


def test_does_not_wait_longer_than_a_run_can(server, transport, clock):
    struck = fail_with(server, Response(429, None, {"Retry-After": "31"}))
    with pytest.raises(ProviderUnavailable, match=r"limits the rate .* come again in 31 s"):
        get(transport, server)
    assert (struck(), clock.slept) == (1, [])


def test_one_host_holds_the_run_up_for_a_limited_time_in_all(server, clock):
    with Transport(sleep=clock.sleep, clock=clock, patience=30) as transport:
        for _ in range(2):
            fail_with(server, Response(503, None, {"Retry-After": "14"}), times=1)
            assert get(transport, server).status == 200
        fail_with(server, Response(503, None, {"Retry-After": "14"}), times=1)
        with pytest.raises(ProviderUnavailable, match=r"503.* come again in 14 s"):
            get(transport, server)
    assert clock.slept == [14, 14]


def test_waits_at_the_same_time_count_once(server):
    clock = Time()
    held = threading.Barrier(5, timeout=5)

    def sleep(seconds: float) -> None:
        held.wait()  # all five are about to sleep before time moves

    fail_with(server, Response(429, None, {"Retry-After": "20"}), times=5)
    statuses = []
    with Transport(sleep=sleep, clock=clock, patience=30) as transport:
        threads = [
            threading.Thread(target=lambda: statuses.append(get(transport, server).status))
            for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 5


def test_a_host_that_never_answers_is_given_up(server, transport, clock):
    struck = fail_with(server, None)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable, match="broke the connection off"):
            get(transport, server)
    assert struck() == 9
    with pytest.raises(ProviderUnavailable, match="not asked again"):
        get(transport, server)
    assert struck() == 9


def test_an_answer_in_between_keeps_a_host_in_the_run(server, transport):
    for _ in range(4):
        fail_with(server, None, times=3)
        with pytest.raises(ProviderUnavailable):
            get(transport, server)
        assert get(transport, server).status == 200


@pytest.mark.parametrize(("size", "fits"), [(2 * MIB, True), (2 * MIB + 1, False)])
def test_an_answer_has_a_limit(server, transport, size, fits):
    fail_with(server, Response(200, b"7" + b" " * (size - 1)))
    if fits:
        assert get(transport, server).json() == 7
    else:
        with pytest.raises(ProviderUnavailable, match="more than 2 MiB"):
            get(transport, server)


def test_a_compressed_answer_is_not_unpacked(server, transport):
    fail_with(server, Response(200, b"\x1f\x8b", {"Content-Encoding": "gzip"}))
    with pytest.raises(ProviderUnavailable, match="compressed"):
        get(transport, server)


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve whatever `speak` sends, on loopback, to every connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        speak(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"]
)
def test_an_answer_that_drips_is_cut_off(head):
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(20):
            connection.sendall(b"a")
            time.sleep(0.02)

    started = time.monotonic()
    with (
        raw_server(drip) as url,
        Transport(deadline=0.1) as transport,
        pytest.raises(ProviderUnavailable, match=r"in full within 0\.1 s"),
    ):
        transport.request("GET", url, headers={})
    assert time.monotonic() - started < 2


def test_a_question_that_was_given_up_ends():
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        for _ in range(50):
            connection.sendall(b"a")
            time.sleep(0.02)

    with raw_server(drip) as url, Transport(deadline=0.05) as transport:
        before = threading.active_count()
        with pytest.raises(ProviderUnavailable, match="in full"):
            transport.request("GET", url, headers={})
        end = time.monotonic() + 2
        while threading.active_count() > before and time.monotonic() < end:
            time.sleep(0.01)
        assert threading.active_count() <= before


def test_silence_is_not_waited_for_to_the_end():
    def keep_silent(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        time.sleep(0.1)

    clock = Time()
    with (
        raw_server(keep_silent) as url,
        Transport(read_timeout=0.03, sleep=clock.sleep) as transport,
        pytest.raises(ProviderUnavailable, match="did not answer in time"),
    ):
        transport.request("GET", url, headers={})
    assert len(clock.slept) == 2


@pytest.mark.parametrize("answer", [b"", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_not_http(answer):
    def speak(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(answer)

    clock = Time()
    with (
        raw_server(speak) as url,
        Transport(sleep=clock.sleep) as transport,
        pytest.raises(ProviderUnavailable, match="broke the connection off"),
    ):
        transport.request("GET", url, headers={})


def test_a_port_that_nobody_listens_on(transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        transport.request("GET", url, headers={})


def test_a_name_that_does_not_exist(transport, monkeypatch):
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ProviderUnavailable, match=r"gitlab\.invalid cannot be resolved"):
        transport.request("GET", "https://gitlab.invalid/a?b=c", headers={})


@pytest.mark.parametrize(
    "url",
    [
        "http://gitlab.example.com/",
        "http://127.0.0.1.example.com/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "gitlab.example.com",
        "",
        "https://me@gitlab.example.com/",
        "https://[::1/",
        "https://gitlab.example.com:99999/",
        "https://gitlab.example.com:x/",
        "https://" + "a" * 300 + "/",
        "https:///path",
    ],
)
def test_an_address_that_gets_no_credential(transport, url):
    with pytest.raises(ProviderUnavailable) as caught:
        transport.request("GET", url, headers={"X-Key": SecretValue(VALUE)})
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    assert "address" in caught.value.message or "in the clear" in caught.value.message


def test_loopback_needs_no_encryption(server, transport):
    url = server.url.replace("127.0.0.1", "localhost")
    assert transport.request("GET", f"{url}/thing", headers={}).status == 200


@pytest.mark.parametrize(
    "value", [f"{VALUE}\n", f"{VALUE}\r\nX-Other: a", f" {VALUE}", f"{VALUE}\0", f"{VALUE}ü", ""]
)
@pytest.mark.parametrize("wrap", [SecretValue, str])
def test_a_value_that_no_header_can_carry_is_not_sent_and_not_shown(server, transport, value, wrap):
    with pytest.raises(CredentialRejected, match="no HTTP header") as caught:
        transport.request("GET", f"{server.url}/thing", headers={"X-Key": wrap(value)})
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    assert server.exchanges == []


def test_no_fault_and_no_log_shows_what_was_sent(server, transport, caplog):
    caplog.set_level(logging.DEBUG)
    shown = []
    for response in (None, Response(200), Response(302, None, {"Location": "/x"}), Response(500)):
        server.faults[:] = [Fault(".", response, drop=response is None)]
        try:
            transport.request(
                "GET",
                f"{server.url}/thing",
                headers={"X-Key": SecretValue(VALUE)},
                params={"search": f"query-{VALUE}"},
            ).json()
        except ProviderUnavailable as error:
            shown += [*traceback.format_exception(error), error.hint]
    assert len(shown) > 4
    assert VALUE not in "".join(shown)
    assert "search" not in caplog.text
    assert VALUE not in caplog.text


def test_a_cookie_is_not_carried_to_the_next_request(server, transport):
    fail_with(server, Response(200, {}, {"Set-Cookie": "session=1; Path=/"}), times=1)
    for _ in range(2):
        get(transport, server)
    assert "cookie" not in server.exchanges[-1].request.headers


def test_a_proxy_gets_nothing_that_is_meant_for_loopback(server, monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Transport() as transport:
        assert get(transport, server).status == 200


def test_a_proxy_is_used_for_the_rest(monkeypatch):
    asked = []

    def refuse(connection: socket.socket) -> None:
        asked.append(connection.recv(1 << 16))
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    clock = Time()
    with raw_server(refuse) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("https_proxy", proxy)
        with (
            Transport(sleep=clock.sleep) as transport,
            pytest.raises(ProviderUnavailable, match=r"does not let requests to gitlab\.inv"),
        ):
            transport.request(
                "GET", "https://gitlab.invalid/a", headers={"X-Key": SecretValue(VALUE)}
            )
    assert asked[0].startswith(b"CONNECT gitlab.invalid:443")
    assert VALUE.encode() not in b"".join(asked)


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://[::1"])
def test_a_proxy_that_is_none(monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(UsageError, match="proxy or CA settings"):
        Transport()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_bundle_that_is_none(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(UsageError, match="proxy or CA settings"):
        Transport(ca_bundle=str(path))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@contextmanager
def tls_server(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def speak(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1 << 16)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with raw_server(speak) as url:
        yield url.replace("http://127.0.0.1", "https://localhost")


def test_a_certificate_that_is_not_trusted(certificate, clock):
    with (
        tls_server(certificate) as url,
        Transport(sleep=clock.sleep) as transport,
        pytest.raises(ProviderUnavailable, match="certificate that is not trusted") as caught,
    ):
        transport.request("GET", url, headers={})
    assert "SSL_CERT_FILE" in caught.value.hint
    assert clock.slept == []


def test_a_server_that_does_not_speak_tls():
    def speak(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    clock = Time()
    with (
        raw_server(speak) as url,
        Transport(sleep=clock.sleep) as transport,
        pytest.raises(ProviderUnavailable, match="no secure connection"),
    ):
        transport.request("GET", url.replace("http:", "https:"), headers={})


def test_an_authority_of_ones_own(certificate):
    with tls_server(certificate) as url, Transport(ca_bundle=str(certificate)) as transport:
        assert transport.request("GET", url, headers={}).json() == {}


class TestPages:
    def read(self, transport: Transport, server: Server) -> list[int]:
        pages = transport.pages(f"{server.url}/list", headers={}, params={"per_page": 2, "a": "ü"})
        return [page.status for page in pages]

    def answer(self, server: Server, *headers: dict[str, str]) -> None:
        pages = iter(headers)
        server.router.add("GET", "/list", lambda _request: Response(200, [], next(pages)))

    def queries(self, server: Server) -> list[dict[str, str]]:
        return [exchange.request.query for exchange in server.exchanges]

    def test_follow_links(self, server, transport):
        link = '<{}>; rel="prev", <{}/list?per_page=2&a=%C3%BC&cursor=x%2By>; rel="next"'
        self.answer(server, {"Link": link.format("/", server.url)}, {"Link": '</>; rel="first"'})
        assert self.read(transport, server) == [200, 200]
        assert self.queries(server)[1] == {"per_page": "2", "a": "ü", "cursor": "x+y"}

    def test_follow_numbers(self, server, transport):
        self.answer(server, {"X-Next-Page": "2"}, {"X-Next-Page": "3"}, {"X-Next-Page": ""})
        assert self.read(transport, server) == [200] * 3
        assert [query.get("page") for query in self.queries(server)] == [None, "2", "3"]
        assert all(query["a"] == "ü" for query in self.queries(server))

    def test_never_leave_the_address(self, server, transport):
        elsewhere = Server(Router(), not_found=Response(404))
        elsewhere.start()
        link = f'<{elsewhere.url}/list?page=2>; rel="next"'
        self.answer(server, {"Link": link}, {})
        assert self.read(transport, server) == [200, 200]
        elsewhere.stop()
        assert elsewhere.exchanges == []
        assert self.queries(server)[1]["page"] == "2"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Link": "next"},
            {"X-Next-Page": "next"},
        ],
    )
    def test_end_where_nothing_sensible_follows(self, server, transport, headers):
        self.answer(server, headers)
        assert self.read(transport, server) == [200]

    @pytest.mark.parametrize("link", ["<http://[/list?page=2>; rel=next", "</list>; rel=next"])
    def test_a_next_page_that_is_the_same_is_no_end(self, server, transport, link):
        self.answer(server, {"Link": link})
        with pytest.raises(ProviderUnavailable, match="same page again"):
            self.read(transport, server)

    def test_end_with_a_refusal(self, server, transport):
        self.answer(server, {"X-Next-Page": "2"})
        server.faults.append(Fault("&page=2", Response(403, {}, {"X-Next-Page": "3"})))
        assert self.read(transport, server) == [200, 403]

    def test_have_a_limit(self, server, transport):
        count = iter(range(2, 10_000))
        server.router.add(
            "GET", "/list", lambda _request: Response(200, [], {"X-Next-Page": str(next(count))})
        )
        with pytest.raises(ProviderUnavailable, match="more than 500 pages"):
            self.read(transport, server)
        assert len(server.exchanges) == 500


def test_a_list_that_goes_on_and_on_is_given_up() -> None:
    router, pages = Router(), iter(range(2, 10_000))
    router.add("GET", "/x", lambda _: Response(200, [], {"x-next-page": str(next(pages))}))
    server = Server(router, not_found=Response(404))
    server.start()
    moments = iter(range(0, 100_000, 25))
    late = pytest.raises(ProviderUnavailable, match="did not list everything within 120 s")
    with Transport(clock=lambda: float(next(moments)), deadline=10**6) as transport, late:
        list(transport.pages(f"{server.url}/x", headers={}, params={"page": 1}))
    server.stop()
    assert len(server.exchanges) < 10
