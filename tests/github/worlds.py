"""A sandbox with one repository and a client that may do everything there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from keyturn.github.client import Client, connect
from keyturn.sandbox import Fault, Response, Sandbox
from keyturn.secret_value import SecretValue

NOW = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)
TOKEN = "ghs_" + "Aa1" * 12
ANY = 1000
"""How often a fault strikes that should never be used up."""


@contextmanager
def world(**repository: object) -> Iterator[Sandbox]:
    with Sandbox(NOW) as box:
        box.github.add_token(TOKEN)
        box.github.add_repository("octo/app", **repository)  # type: ignore[arg-type]
        yield box


def client_of(box: Sandbox, *, sleep: Callable[[float], None] | None = None) -> Client:
    return connect(base_url=box.github.url, token=SecretValue(TOKEN), sleep=sleep or never)


def never(seconds: float) -> None:
    assert seconds == 0, f"slept for {seconds} s"


def fail(box: Sandbox, pattern: str, response: Response | None = None, **more: object) -> Fault:
    """Inject a fault that counts how often it strikes, see `struck`."""
    fault = Fault(pattern, response, **({"times": ANY} | more))  # type: ignore[arg-type]
    box.github.server.faults.append(fault)
    return fault


def struck(fault: Fault, times: int = ANY) -> int:
    assert fault.times is not None
    return times - fault.times


def lines(box: Sandbox) -> list[str]:
    """What was asked, as `METHOD path`, without what faults answered."""
    return [f"{e.request.method} {e.request.path}" for e in box.github.server.exchanges]


def writes(box: Sandbox) -> list[str]:
    return [line for line in lines(box) if not line.startswith("GET ")]
