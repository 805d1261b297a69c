"""The key that the SMP of every world of a server begins with: made with its first use, kept in the data folder.

It belongs to the server and not to a world, so that a fresh world costs no key and tokens outlive a reset.
"""

from __future__ import annotations

import threading
from pathlib import Path

from simulator.market.signing_keys import SigningKey
from simulator.private_files import put_in_place
from simulator.signing import make_key


class ServerKeys:
    """Finds or makes the key of a server whose worlds live in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "signing.key"
        self._key: SigningKey | None = None
        self._making = threading.Lock()

    @property
    def damaged_file(self) -> Path | None:
        """The file of the key, if there is one and it holds none."""
        is_whole = not self._file.exists() or "-----END PRIVATE KEY-----" in self._file.read_text(errors="replace")
        return None if is_whole else self._file

    def find(self) -> SigningKey | None:
        """The key, at once; None when it was never needed."""
        if self._key is None and self._file.exists():
            kid, _, pem = self._file.read_text().partition("\n")
            self._key = SigningKey(kid, pem)
        return self._key

    def make(self) -> SigningKey:
        """The key, made if there is none yet. That takes up to half a second: never in a write transaction."""
        with self._making:
            found = self.find()
            if found is None:
                found = self._key = make_key()
                put_in_place(self._file, f"{found.kid}\n{found.private_pem}".encode())
            return found
