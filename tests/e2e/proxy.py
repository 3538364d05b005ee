"""A proxy on loopback, which leads every name to one address and remembers what it was asked for.

It looks into nothing: what goes through is TLS.
"""

from __future__ import annotations

import select
import socket
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any


class Proxy:
    """Answers CONNECT. Use it in a `with` block."""

    def __init__(self, address: str) -> None:
        self.asked: list[str] = []
        """`HOST:PORT` of every connection, in order."""
        asked = self.asked

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                method, target, _ = self.rfile.readline().decode("ascii").split()
                while self.rfile.readline().strip():
                    pass
                if method != "CONNECT":
                    self.wfile.write(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
                    return
                asked.append(target)
                port = int(target.rpartition(":")[2])
                with socket.create_connection((address, port), timeout=30) as upstream:
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    _join(self.connection, upstream)

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


def _join(one: socket.socket, other: socket.socket) -> None:
    """Hand everything on, both ways, until either side ends."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(1 << 16)
            if not data:
                return
            (other if ready is one else one).sendall(data)
