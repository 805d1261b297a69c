"""The HTTP server: granian's WSGI worker in a thread of this process.

Measured on two cores with eight connections and a trivial application: granian here 38,000 requests/s, cheroot 2,200,
waitress 900. granian's own launcher would start a second process and lose the `Simulator` object to it; its threaded
launcher, made for Pythons without a global lock, does what we need with one, so we use that one's worker. These are
inner parts of granian, therefore its version is pinned and a test starts and stops this server.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from granian._granian import SocketHolder
from granian.constants import Interfaces, RuntimeModes
from granian.server.mt import MTServer, WorkerThread

_BACKLOG = 1024


class AddressInUse(OSError):
    """The address cannot be listened on; the message says why."""


class _Launcher(MTServer):
    """granian's threaded launcher, used only to start one worker with its settings."""

    def worker(self, application: Callable[..., Any], listener: socket.socket) -> WorkerThread:
        """A worker that takes connections from an open listener; the listener becomes the worker's to close."""
        self._ssp, self._shd = None, SocketHolder(listener.detach(), False, _BACKLOG)
        return self._spawn_worker(0, self._spawn_wsgi_worker, application)


class HttpServer:
    """Serves one WSGI application from `start` to `stop`."""

    def __init__(self, application: Callable[..., Any], host: str, port: int, threads: int) -> None:
        self._application = application
        self._host = host
        self._port = port
        self._threads = threads
        self._worker: WorkerThread | None = None

    def start(self) -> int:
        """Listen and serve in the background; the port. Raises AddressInUse."""
        listener = _listen(self._host, self._port)
        port = listener.getsockname()[1]
        launcher = _Launcher(
            "simulator", address=self._host, port=port, interface=Interfaces.WSGI, workers=1, runtime_threads=1,
            runtime_mode=RuntimeModes.mt, blocking_threads=self._threads, backlog=_BACKLOG, log_enabled=False,
            websockets=False)
        self._worker = launcher.worker(self._application, listener)
        self._worker.inner.daemon = True
        self._worker.start()
        return port

    def stop(self) -> None:
        """Take no more connections, and wait for the requests under way."""
        if self._worker is not None:
            self._worker.terminate()
            self._worker.inner.join(timeout=1.5)
            self._worker = None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressInUse(f"Cannot listen on {host} port {port}: {error}. Is another server running there? Choose "
                           "another with --port, or let --port 0 find a free one.") from error
    listener.setblocking(False)
    return listener
