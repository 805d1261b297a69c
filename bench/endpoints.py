"""A participant's endpoint in this process, on this machine only: it acknowledges what the simulator sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.exchanges import LOOPBACK


def _take(headers: Message, body: bytes) -> bool:
    return True


def _end() -> None:
    pass


@contextmanager
def acknowledging(take: Callable[[Message, bytes], bool] = _take, acknowledged: Callable[[], None] = _end
                  ) -> Iterator[str]:
    """An endpoint that answers each POST with 200; its base url.

    `take` gets the headers and the body of a request as soon as it is read, and may keep it waiting; the request stays
    unanswered where it says False. `acknowledged` is called after each answer. Both are called by many threads.
    """

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not take(self.headers, body):
                return
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            acknowledged()

        def log_message(self, *args: object) -> None:
            pass

    class Listening(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

    with Listening((LOOPBACK, 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
