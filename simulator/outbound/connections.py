"""Connections that end in time: one deadline limits every wait for the other end, however little comes at once."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from typing import Any

from simulator.timekeeping.clock import stopwatch

_BYTES_AT_A_TIME = 64 * 1024


class TooMuch(Exception):
    """More bytes came than are read."""


class Deadline:
    """The end of an exchange's time."""

    def __init__(self, seconds: float) -> None:
        self._end = stopwatch() + seconds

    def left(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError."""
        left = self._end - stopwatch()
        if left <= 0:
            raise TimeoutError
        return left


class Incoming(io.RawIOBase):
    """The bytes that come over a connection, until the deadline, and at most `budget` of them."""

    def __init__(self, connection: socket.socket, deadline: Deadline, budget: int,
                 on_first_byte: Callable[[], None]) -> None:
        self._connection = connection
        self._deadline = deadline
        self._on_first_byte = on_first_byte
        self.budget = budget
        self.received = 0
        self.has_ended = False

    def readable(self) -> bool:
        """Yes: this is what io.BufferedReader asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for some bytes; 0 at the end. Raises TimeoutError at the deadline, TooMuch, and other OSErrors."""
        if self.received >= self.budget:
            raise TooMuch
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(buffer)
        if not count:
            self.has_ended = True
        elif not self.received:
            self._on_first_byte()
        self.received += count
        return count


class _Stream(io.BufferedReader):
    """A stream that outlives the answers that are read from it, each of which would close it."""

    def close(self) -> None:
        """Leave it open: whoever has opened the connection closes that."""


class Wire:
    """A connection as http.client wants it: one that keeps to the deadline, and reads all answers from one stream."""

    def __init__(self, connection: socket.socket, deadline: Deadline, incoming: Incoming) -> None:
        self._connection = connection
        self._deadline = deadline
        self._stream = _Stream(incoming)

    def sendall(self, data: bytes) -> None:
        """Send all of it. Raises TimeoutError at the deadline, and other OSErrors."""
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self._deadline.left())
            rest = rest[self._connection.send(rest[:_BYTES_AT_A_TIME]):]

    def makefile(self, mode: str) -> io.BufferedReader:
        """The stream of all answers."""
        return self._stream


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection to an address (a number, never a name), within some seconds. Raises OSError."""
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, port))
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError  # nobody listens: the system connected the socket to itself
        # Headers and body go out at once, each when it is there.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection
