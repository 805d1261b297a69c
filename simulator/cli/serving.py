"""`flexsim serve`."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from simulator import __version__
from simulator.cli.loading import TaughtCommand
from simulator.ending import serve_until_signal
from simulator.facade import Simulator
from simulator.settings import CannotStart, read_settings


@click.command("serve", cls=TaughtCommand, examples=[
    "flexsim serve", "flexsim serve --port 9000 --data worlds --now 2026-11-02T16:00:00Z",
    "flexsim serve --contract participant=mine.yaml"])
@click.option("--host", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 finds a free one.  [8000]")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path),
              help="Folder that keeps the worlds over restarts.  [a temporary one]")
@click.option("--fixture", metavar="demo|quiet|empty|FILE", help="What the world 'default' holds at first.  [demo]")
@click.option("--now", metavar="TIME", help="Market time to start at, such as 2026-11-02T16:00:00Z.  [the real time]")
@click.option("--contract", "contracts", multiple=True, metavar="PLATFORM=FILE",
              help="Your own OpenAPI contract instead of ours, such as participant=my.yaml. May be repeated.")
@click.option("--control-token", metavar="SECRET", help="Secret that /_sim calls must carry; needed off loopback.")
@click.option("--allow-target", "allow_targets", multiple=True, metavar="HOST",
              help="A host besides private addresses that messages may be sent to. May be repeated.")
@click.option("--ca-file", type=click.Path(dir_okay=False, path_type=Path),
              help="Certificate authority (PEM) that messages to https endpoints trust as well.")
@click.option("--tls", is_flag=True, default=None,
              help="Serve everything over HTTPS, with a certificate by an authority made on this machine.")
@click.option("--tls-host", "tls_hosts", multiple=True, metavar="HOST",
              help="A name or address that the certificate is for, besides localhost and --host. May be repeated.")
@click.option("--smtp", metavar="HOST:PORT", help="Mail server that every mail is sent on to as well.")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="TOML file with settings.")
def command(contracts: tuple[str, ...], allow_targets: tuple[str, ...], tls_hosts: tuple[str, ...], config: Path | None,
            **given: Any) -> None:
    """Serve the simulated platforms until Ctrl+C.

    Every setting can also be given as a variable, such as FLEXSIM_PORT=9000.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    code = 0
    try:
        lists = {"contracts": ",".join(contracts), "allow_targets": ",".join(allow_targets),
                 "tls_hosts": ",".join(tls_hosts)}
        settings = read_settings({**given, **{name: text for name, text in lists.items() if text}}, file=config)
        serve_until_signal(Simulator(settings), lambda simulator: click.echo(_greeting(simulator)))
    except CannotStart as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        code = 2
    sys.stdout.flush()
    sys.stderr.flush()
    # The server's threads are native ones; the interpreter's own way out can trip over one that is just waking up. They
    # run even when the start is refused: the server listens before the contract and the worlds are looked at.
    os._exit(code)


def _greeting(simulator: Simulator) -> str:
    lines = [f"flexsim {__version__} serves a SIMULATION of the Flexible Power Portal and the Single Markets Platform "
             f"(SMP) at {simulator.url}"]
    with simulator.worlds.using("default") as world:
        demo = simulator.worlds.demo_sign_in(world.fixture)
        smp_user = simulator.worlds.demo_smp_user(world.fixture)
    if simulator.worlds.found_default:
        lines += [f"  the world 'default' was found in {simulator.settings.data} and goes on; "
                  "--fixture and --now are for new worlds"]
    if demo is not None:
        lines += [f"  sign in as   {demo.email} with {demo.password}",
                  f"  code         {simulator.url}/_sim/participants/{demo.organisation_id}/totp"]
    if smp_user is not None:
        lines += [f"  SMP user     {smp_user.username} with {smp_user.password}",
                  f"  SMP token    POST {simulator.call_url('authenticate')}"]
    lines += [f"  contract     {platform} from {file}" for platform, file in simulator.settings.contracts.items()]
    lines += _ways_to_trust(simulator)
    lines += [f"  console      {simulator.url}/console", f"  health       {simulator.url}/_sim/health",
              "Ctrl+C ends it."]
    return "\n".join(lines)


def _ways_to_trust(simulator: Simulator) -> list[str]:
    """With TLS: how clients come to trust the certificate."""
    if simulator.ca_file is None:
        return []
    file = shlex.quote(str(simulator.ca_file))
    lines = [f"  trust        {simulator.ca_file}",
             f"    curl       curl --cacert {file} {simulator.url}/_sim/health",
             f"    programs   export CURL_CA_BUNDLE={file} REQUESTS_CA_BUNDLE={file} SSL_CERT_FILE={file}",
             "    browsers   import it among the authorities, for web sites; Firefox has its own list"]
    if simulator.settings.data is None:
        lines += ["    (it is made anew at each start; with --data DIR it is kept)"]
    return lines
