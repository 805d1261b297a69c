"""The certificate of `--tls`: from a certificate authority of the simulator's own, on this machine.

The authority is made once for each data folder and kept there, so that who trusts it does so over restarts. The
server's certificate is made anew at each start: it names the hosts that the settings name now, and is valid for no
longer than every browser takes. This module loads trustme and cryptography: import it only for TLS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from simulator.private_files import put_in_place
from simulator.settings import Settings, SettingsUnusable
from simulator.timekeeping.clock import wall_now

_VALID_FOR = timedelta(days=390)
_CLOCKS_DIFFER = timedelta(days=1)
_ORGANISATION = "flexsim, a simulator"
_LOCAL = ("localhost", "127.0.0.1", "::1")
_ANY = ("0.0.0.0", "::")


@dataclass(frozen=True)
class ServerCertificate:
    """Two PEM files: `server` holds the server's certificate and its key, `authority` what clients have to trust."""

    server: Path
    authority: Path


def server_certificate(settings: Settings, folder: Path) -> ServerCertificate:
    """A certificate for this start, in files below `folder`, by the authority that is kept there or made now.

    Raises SettingsUnusable when the folder cannot be used, or holds an authority that cannot be read.
    """
    place = folder / "tls"
    kept, server, authority = place / "authority.pem", place / "server.pem", place / "ca.pem"
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            made = trustme.CA(organization_name=_ORGANISATION, organization_unit_name=_authority_name(place))
            put_in_place(kept, made.private_key_pem.bytes() + made.cert_pem.bytes())
        authority_of_folder = _read_authority(kept)
        leaf = _issue(authority_of_folder, hosts_of(settings))
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        put_in_place(server, leaf.private_key_pem.bytes() + chain)
        put_in_place(authority, authority_of_folder.cert_pem.bytes(), mode=0o644)
    except OSError as error:
        raise SettingsUnusable([f"tls: the folder {place} cannot be used: {error}"]) from error
    return ServerCertificate(server.resolve(), authority.resolve())


def hosts_of(settings: Settings) -> list[str]:
    """Every name and address that the certificate is good for, each once."""
    named = urlsplit(settings.public_url or "").hostname
    hosts = [*_LOCAL, *([] if settings.host in _ANY else [settings.host]), *([named] if named else []),
             *settings.tls_hosts]
    return list(dict.fromkeys(host.lower() for host in hosts))


def _authority_name(place: Path) -> str:
    # It shows in the browser's list, where it should be found again, and tell two data folders apart.
    return f"flexsim local authority of {place.resolve()}"[:64]


def _read_authority(file: Path) -> trustme.CA:
    text = file.read_bytes()
    try:
        return trustme.CA.from_pem(text, text)
    except ValueError as error:
        raise SettingsUnusable([f"tls: {file} cannot be read ({error}). Remove it, and the next start makes a new "
                                "authority, which clients have to trust anew."]) from error


def _issue(authority: trustme.CA, hosts: Iterable[str]) -> trustme.LeafCert:
    now = wall_now()
    return authority.issue_cert(*hosts, organization_name=_ORGANISATION, organization_unit_name="server",
                                not_before=now - _CLOCKS_DIFFER, not_after=now + _VALID_FOR)
