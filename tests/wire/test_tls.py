"""`flexsim serve --tls`: all over HTTPS, certified by an authority made on this machine.

The option is ours. The SMP is reached through "TLS web services over the internet" (SMP overview, The SMP APIs,
documented).
"""

from __future__ import annotations

import re
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509

from simulator import Simulator
from tests.servers import TOKEN, clean_environment, run_flexsim, running, subprocess_server


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A server over TLS that keeps its authority in a data folder."""
    with running(tls=True, tls_hosts=("flexsim.test", "10.0.0.7"), data=tmp_path_factory.mktemp("data")) as simulator:
        yield simulator


def handshake(simulator: Simulator, **limits: ssl.TLSVersion) -> ssl.SSLSocket:
    """A connection of Python's own TLS, which trusts the simulator's authority and nobody else."""
    context = ssl.create_default_context(cafile=str(simulator.ca_file))
    context.set_alpn_protocols(["h2", "http/1.1"])
    for name, version in limits.items():
        setattr(context, name, version)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", simulator.port), 10),
                               server_hostname="127.0.0.1")


def certificate_of(simulator: Simulator) -> x509.Certificate:
    """The certificate that the server shows."""
    with handshake(simulator) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))


@pytest.mark.parametrize(("path", "status"), [("/_sim/health", 200), ("/sign-in", 200), ("/console", 200),
                                              ("/_sim/contracts/participant", 200), ("/static/nothing.css", 404)])
def test_everything_is_served_over_https(secured: Simulator, path: str, status: int) -> None:
    """Wire format, assumed: --tls; pages, calls and files alike, for who trusts the authority."""
    assert secured.url.startswith("https://127.0.0.1:")
    assert requests.get(secured.url + path, verify=str(secured.ca_file), timeout=10).status_code == status


def test_a_call_of_a_platform_works_over_https(secured: Simulator) -> None:
    """Wire format, assumed: the same call as without TLS, with the same answer."""
    reading = {"meterableUnitId": "MU-1001", "timestamp": "2026-01-05T16:30:00Z", "powerKw": -12.5}
    answer = requests.post(secured.url + "/api/v2/readings", json=reading, verify=str(secured.ca_file), timeout=10,
                           headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


def test_who_does_not_trust_the_authority_gets_no_connection(secured: Simulator) -> None:
    """Ours: it is a real certificate check, passed by trust and not by switching it off."""
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(secured.url + "/_sim/health", timeout=10)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(secured: Simulator, version: ssl.TLSVersion) -> None:
    """Ours: older clients in the field stop at 1.2."""
    with handshake(secured, minimum_version=version, maximum_version=version) as connection:
        assert connection.version() == version.name.replace("_", ".")


def test_it_stays_with_http_1_1(secured: Simulator) -> None:
    """Ours: a fault that drops or truncates does the same to a connection with TLS as without."""
    with handshake(secured) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_nothing_is_answered_in_the_clear(secured: Simulator) -> None:
    """Ours: who forgets the s in https gets no answer that could pass for one."""
    with socket.create_connection(("127.0.0.1", secured.port), 10) as connection:
        connection.sendall(b"GET /_sim/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        connection.settimeout(10)
        assert b"HTTP/1.1" not in connection.recv(1_000)


def test_the_certificate_names_its_hosts(secured: Simulator) -> None:
    """Ours: this machine's names, and those that --tls-host adds."""
    names = certificate_of(secured).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "flexsim.test"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "10.0.0.7"]


def test_the_certificate_lives_for_as_long_as_browsers_take(secured: Simulator) -> None:
    """Public: browsers refuse certificates of servers that are valid for more than 398 days."""
    certificate = certificate_of(secured)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=398)
    assert certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(days=300)


def test_only_the_owner_can_read_the_keys(secured: Simulator) -> None:
    """Ours: who holds the authority's key can pretend to be any server to those who trust it."""
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in Path(secured.ca_file).parent.iterdir()}
    assert modes["authority.pem"] == modes["server.pem"] == 0o600
    assert b"PRIVATE" not in Path(secured.ca_file).read_bytes()


def test_the_authority_outlives_a_restart(tmp_path: Path) -> None:
    """Ours: what was trusted once stays trusted, as long as the data folder is kept."""
    with running(tls=True, data=tmp_path) as first:
        trusted = tmp_path / "trusted.pem"
        trusted.write_bytes(Path(first.ca_file).read_bytes())
        old = certificate_of(first)
    with running(tls=True, data=tmp_path) as second:
        assert requests.get(second.url + "/_sim/health", verify=str(trusted), timeout=10).ok
        assert certificate_of(second).serial_number != old.serial_number


def test_without_a_data_folder_the_authority_ends_with_the_server() -> None:
    """Ours: nothing is left behind; the file is there as long as it is good for something."""
    with running(tls=True) as simulator:
        assert simulator.ca_file.is_file()
    assert not simulator.ca_file.parent.exists()


def test_an_authority_that_cannot_be_read_is_said_with_a_way_out(tmp_path: Path) -> None:
    """Ours: bad input gets an error that says where, what and how to mend it."""
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "authority.pem").write_text("nothing of the kind")
    ended = run_flexsim("serve", "--tls", "--port", "0", "--data", str(tmp_path))
    assert ended.returncode == 2
    assert re.search(r"tls: \S+/tls/authority\.pem cannot be read .* Remove it", ended.stderr)


@pytest.mark.parametrize("host", ["https://flexsim.test", "flexsim.test:8443", "two words", "300.1.1.1", "-x"])
def test_a_host_that_no_certificate_can_name_is_refused(host: str) -> None:
    """Ours: said before anything is served."""
    ended = run_flexsim("serve", "--tls", "--port", "0", f"--tls-host={host}")
    assert ended.returncode == 2
    assert f"tls_hosts: {host!r} is no name and no address of a host" in ended.stderr


def test_the_greeting_says_how_to_trust_it_and_the_commands_run(tmp_path: Path) -> None:
    """Ours: what is printed works as it stands, in a folder whose name has a blank too."""
    with subprocess_server(["--tls", "--data", str(tmp_path / "my data")]) as server:
        curl = re.search(r"curl --cacert .*", server.output())[0]
        assert '"status":"ok"' in subprocess.run(curl + " --silent", shell=True, capture_output=True, text=True,
                                                 timeout=30, check=True).stdout
        export = re.search(r"export CURL_CA_BUNDLE.*", server.output())[0]
        for program in (f"curl --silent {server.url}/_sim/health",
                        _python("urllib.request.urlopen({!r}).read()", server.url),
                        _python("requests.get({!r}).text", server.url)):
            said = subprocess.run(f"{export}\n{program}", shell=True, capture_output=True, text=True, timeout=30,
                                  env=clean_environment())
            assert ("status" in said.stdout), said.stderr


def _python(expression: str, url: str) -> str:
    code = f"import urllib.request, requests; print({expression.format(url + '/_sim/health')})"
    return f'{sys.executable} -c "{code}"'


@pytest.mark.parametrize("tls", [True, False])
def test_the_health_command_finds_out_by_itself(tls: bool) -> None:
    """Wire format, assumed: command line, health; a container's check stays the same with and without TLS."""
    with running(tls=tls) as simulator:
        asked = run_flexsim("health", "--port", str(simulator.port))
    assert (asked.returncode, '"status":"ok"' in asked.stdout) == (0, True), asked.stderr


def test_addresses_that_it_tells_begin_with_https(secured: Simulator) -> None:
    """Ours: a link in a mail and the example of a page lead to where the server listens."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(secured.ca_file)
    invited = {"name": "Dart Storage Ltd", "portal": {"email": "desk@dart.example"}}
    assert session.post(secured.url + "/_sim/participants", json=invited, timeout=30).ok
    mail = session.get(secured.url + "/_sim/mailbox", params={"to": "desk@dart.example", "wait": 10}, timeout=30).json()
    links = mail["messages"][0]["links"]
    assert links
    assert {urlsplit(link).scheme for link in links} == {"https"}


def test_nothing_of_it_is_loaded_without_tls() -> None:
    """Ours: start-up time and memory are for what is used."""
    code = ("import sys\nfrom simulator import Settings, Simulator\nwith Simulator(Settings(port=0)):\n"
            "    print(sorted({'trustme', 'simulator.certificates'} & set(sys.modules)))")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
                           env=clean_environment())
    assert ended.stdout.strip() == "[]", ended.stderr
