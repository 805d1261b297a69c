"""The simulator as one object: the command line, the container and your tests use this same class.

    with Simulator(Settings(port=0)) as simulator:
        requests.get(f"{simulator.url}/_sim/health")
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from simulator.gateway import Engine, Gateway
from simulator.server import HttpServer
from simulator.settings import DEFAULT_WORLD, Settings, SettingsUnusable
from simulator.world_addresses import path_of_world

if TYPE_CHECKING:
    # For checkers only: the store and the contracts load after the server listens.
    from simulator.store.journal import Entry
    from simulator.testing import Server, World
    from simulator.timekeeping.scheduler import JobRun
    from simulator.worlds import Worlds


class Simulator:
    """One server with its worlds. Either `start` and `stop` it, or use it in a `with` statement.

    `start` raises CannotStart when settings, address, contract, fixture or data folder cannot be used.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(port=0)
        self._engine: Engine | None = None
        self._server: HttpServer | None = None
        self.port: int | None = None
        self.ca_file: Path | None = None
        """With TLS, from `start` on: the certificate authority (PEM) that clients have to trust."""
        self._temporary: Path | None = None
        self._client: Server | None = None

    def start(self) -> Simulator:
        """Listen, then load and open the worlds; all is served when this returns."""
        if not self.settings.on_loopback and self.settings.control_token is None:
            raise SettingsUnusable([
                f"{self.settings.host} can be reached from other machines, and /_sim would let anybody drive the "
                "simulator. Set a secret with --control-token (or FLEXSIM_CONTROL_TOKEN), or listen on 127.0.0.1."])
        gateway = Gateway(self.settings)
        # Known before anything is in it: whatever ends the start can remove it.
        folder = self.settings.data
        if folder is None:
            folder = self._temporary = Path(tempfile.mkdtemp(prefix="flexsim-"))
        try:
            certificate = self._certificate(folder) if self.settings.tls else None
            self._server = HttpServer(gateway, self.settings.host, self.settings.port, certificate)
            self.port = self._server.start()
            self._engine = import_module("simulator.app").build_engine(
                self.settings, self._reachable_url(), folder)
            gateway.ready(self._engine)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Finish the requests under way, then close all worlds."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def abandon(self) -> None:
        """Remove temporary files at once, with work under way: for a process that ends before `stop` has.

        It waits for nobody. What the end of a process leaves in a data folder, the next start there clears away.
        """
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _certificate(self, folder: Path) -> Path:
        """The PEM file that the server speaks TLS with. Without a data folder its authority ends with the server."""
        made = import_module("simulator.certificates").server_certificate(self.settings, folder)
        self.ca_file = made.authority
        return made.server

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    @property
    def worlds(self) -> Worlds:
        """The worlds. Raises RuntimeError before `start` and after `stop`."""
        if self._engine is None:
            raise RuntimeError("The simulator is not running; call start() first, or use it in a with statement.")
        return self._engine.worlds

    @property
    def url(self) -> str:
        """Where it is served, such as http://127.0.0.1:8000."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"{'https' if self.settings.tls else 'http'}://{host}:{self.port}"

    def _reachable_url(self) -> str:
        """The server's address as a browser of this machine takes it: 0.0.0.0 is no place to go to."""
        return self.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

    def world_url(self, world: str = DEFAULT_WORLD) -> str:
        """Where a world is served."""
        return self.url + path_of_world(world)

    def call_url(self, operation_id: str, world: str = DEFAULT_WORLD) -> str:
        """Where an operation of a contract in force is called, such as `authenticate` of the SMP. Raises KeyError."""
        if self._engine is None:
            raise RuntimeError("The simulator is not running; call start() first, or use it in a with statement.")
        return self.world_url(world) + self._engine.calls.path_of(operation_id)

    def advance(self, step: timedelta | datetime, world: str = DEFAULT_WORLD) -> list[JobRun]:
        """Move a world's time forward by a duration or to an instant, running what is due."""
        with self.worlds.using(world) as found:
            runs = found.time.advance_by(step, None) if isinstance(step, timedelta) else found.time.advance(step, None)
            self.worlds.clock_changed(world)
        return runs

    def reset(self, world: str = DEFAULT_WORLD) -> None:
        """Put a world back to its fixture."""
        self.worlds.reset(world)

    def journal(self, world: str = DEFAULT_WORLD, **filters: Any) -> list[Entry]:
        """Journal entries, oldest first; `kind`, `since`, `limit`, `newest` as in `/_sim/journal`."""
        return self.worlds.journal(world, **filters)

    def server_client(self) -> Server:
        """A client of this server for tests, which reaches it by HTTP as any other program would; close it."""
        server: Server = import_module("simulator.testing").Server(
            self._reachable_url(), self.settings.control_token, self.ca_file, self)
        return server

    def client(self, world: str = DEFAULT_WORLD) -> World:
        """A client of a world for tests: readings, SMP, portal pages, clock, mailbox, journal. Ends with `stop`."""
        if self._client is None:
            self._client = self.server_client()
        return self._client.world(world)
