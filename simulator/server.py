"""The HTTP server: granian, embedded in a thread of this process with an event loop of its own.

Measured on two cores with eight connections and a trivial application: granian 38,000 requests/s, cheroot 2,200,
waitress 900. granian's own launcher would start a second process and lose the `Simulator` object to it; its embedded
server, made for applications that already have an event loop, keeps everything in one.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from pathlib import Path
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.server.embed import Server

from simulator.gateway import Gateway
from simulator.settings import CannotStart

_BACKLOG = 1024
_LONGEST_DRAIN_SECONDS = 1.0
_LONGEST_STOP_SECONDS = 0.5


class AddressInUse(CannotStart):
    """The address cannot be listened on; the message says why."""


class _Embedded(Server):
    """granian on a listener that is open already, so that port 0 works and a busy port is told in our words."""

    def __init__(self, gateway: Gateway, listener: socket.socket, serving: threading.Event,
                 certificate: Path | None) -> None:
        secured: dict[str, Any] = {} if certificate is None else {
            # HTTP/1.1 as without TLS: what a fault does to a connection then means the same with both.
            "ssl_cert": certificate, "ssl_key": certificate, "ssl_protocol_min": SSLProtocols.tls12,
            "http": HTTPModes.http1}
        super().__init__(gateway, interface=Interfaces.RSGI, websockets=False, log_enabled=False, **secured)
        self._listener = listener
        self._serving = serving

    def startup(self, *arguments: Any) -> None:
        super().startup(*arguments)
        # The worker's task is in the loop by now, and this comes after its first step; granian loses earlier stops.
        asyncio.get_running_loop().call_soon(self._serving.set)

    def _init_shared_socket(self) -> None:
        # The worker closes the listener when it ends, so it must be the worker's alone.
        self._ssp, self._shd = None, SocketHolder(self._listener.detach(), False, _BACKLOG)


class HttpServer:
    """Serves a gateway from `start` to `stop`.

    With a `certificate`, a PEM file that holds its key as well, over TLS 1.2 or 1.3, and nothing without.
    """

    def __init__(self, gateway: Gateway, host: str, port: int, certificate: Path | None = None) -> None:
        self._gateway = gateway
        self._host = host
        self._port = port
        self._certificate = certificate
        self._loop: asyncio.AbstractEventLoop | None = None
        self._embedded: _Embedded | None = None
        self._thread: threading.Thread | None = None
        self._serving = threading.Event()

    def start(self) -> int:
        """Listen and serve in the background; the port. Raises AddressInUse."""
        listener = _listen(self._host, self._port)
        port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listener,), name="flexsim-http", daemon=True)
        self._thread.start()
        return port

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        self._embedded = _Embedded(self._gateway, listener, self._serving, self._certificate)
        await self._embedded.serve()

    def stop(self) -> None:
        """Refuse new requests, wait for those under way, and end."""
        if self._thread is None:
            return
        self._gateway.drain(_LONGEST_DRAIN_SECONDS)
        self._serving.wait(_LONGEST_STOP_SECONDS)
        if self._loop is not None and self._embedded is not None:
            self._loop.call_soon_threadsafe(self._embedded.stop)
        self._thread.join(_LONGEST_STOP_SECONDS)
        self._thread = None
        self._gateway.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except socket.gaierror as error:
        listener.close()
        raise AddressInUse([f"Cannot listen on {host}: this machine knows no such name or address ({error}). Use "
                            "one of its own addresses with --host, such as 127.0.0.1."]) from error
    except OSError as error:
        listener.close()
        way_on = ("Is another server running there? Choose another with --port, or let --port 0 find a free one."
                  if error.errno == errno.EADDRINUSE else "Choose another address with --host and --port.")
        raise AddressInUse([f"Cannot listen on {host} port {port}: {error}. {way_on}"]) from error
    listener.setblocking(False)
    return listener

