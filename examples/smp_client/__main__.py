"""`python -m examples.smp_client`: registers assets and a unit, waits for the signed returns, and ends."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
import requests
from werkzeug.serving import make_server

from examples.smp_client.keys import OwnKey
from examples.smp_client.platform import Platform, Refused, in_words
from examples.smp_client.portfolio import MOST_ASSETS, batteries, unit_of, with_faults
from examples.smp_client.returns import Returns, create_app


class Disappointed(Exception):
    """Something did not end as it should; the text says what."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", required=True, help="Where the platform is, such as http://127.0.0.1:8000")
@click.option("--username", default="brindle-smp", show_default=True)
@click.option("--password", default="Brindle-smp-2026", show_default=True)
@click.option("--assets", default=10, show_default=True, type=click.IntRange(1, MOST_ASSETS),
              help="How many assets to register.")
@click.option("--run", help="Part of every reference and name, so that they are new.  [the time]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to take batch returns at.")
@click.option("--port", default=9100, show_default=True, help="Port to take them at; 0 finds a free one.")
@click.option("--patience", default=30.0, show_default=True, metavar="SECONDS",
              help="How long to wait for a return before asking for the status.")
@click.option("--sign", is_flag=True, help="Sign the messages, with a key that is made now.")
@click.option("--all-flows", is_flag=True, help="Also hand in a bad batch and a bad unit, as commissioning asks.")
@click.option("--register", metavar="ID", help="Simulator only: enter our callback URL and public key in the pro-forma "
              "of this participant, such as brindle.")
@click.option("--control-token", metavar="SECRET", help="Simulator only: what --register needs off loopback.")
def main(url: str, username: str, password: str, assets: int, run: str | None, host: str, port: int, patience: float,
         sign: bool, all_flows: bool, register: str | None, control_token: str | None) -> None:
    """Register assets and one unit of them on the Single Markets Platform, and wait for the signed batch returns."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    own_key = OwnKey() if sign or all_flows else None
    platform = Platform(url, username, password, own_key)
    returns = Returns(platform.keys)
    run = run or f"{datetime.now(UTC):%y%m%d%H%M%S}"
    try:
        with _listening(returns, host, port) as address:
            click.echo(f"batch returns are taken at {address}")
            if register is not None:
                _register(platform, register, address, own_key, control_token)
            _register_portfolio(platform, returns, assets, run, patience, all_flows)
    except (Refused, Disappointed, requests.RequestException) as error:
        click.echo(f"failed: {error}", err=True)
        sys.exit(1)


@contextmanager
def _listening(returns: Returns, host: str, port: int) -> Iterator[str]:
    """The endpoint, for the length of a block; its URL. Flask's own server is enough for an example."""
    server = make_server(host, port, create_app(returns), threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="batch-returns", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}/batch-returns"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _register(platform: Platform, participant: str, address: str, own_key: OwnKey | None, token: str | None) -> None:
    """What a participant does on paper, with the pro-forma; the simulator has a call for it."""
    smp: dict[str, Any] = {"callbackUrl": address}
    if own_key is not None:
        smp["jwks"] = own_key.public()
    answer = platform.session.patch(f"{platform.url}/_sim/participants/{participant}", json={"smp": smp}, timeout=10,
                                    headers={"Authorization": f"Bearer {token}"} if token else {})
    if not answer.ok:
        raise Disappointed(f"the simulator does not take the pro-forma: {answer.status_code} {answer.text}")
    click.echo(f"pro-forma of {participant}: callback URL{' and public key' if own_key else ''} entered")


def _register_portfolio(platform: Platform, returns: Returns, count: int, run: str, patience: float,
                        all_flows: bool) -> None:
    click.echo(f"token: good for {platform.authenticate():,} s")
    assets = batteries(count, run)
    made = _hand_in(platform, returns, "assets", lambda: platform.create_assets(assets), patience)
    ids = [asset["assetId"] for asset in made["result"]["assets"]]
    click.echo(f"assets: {len(ids):,} registered, {ids[0]} to {ids[-1]}")
    unit = unit_of(ids, run)
    made = _hand_in(platform, returns, "unit", lambda: platform.create_unit(unit), patience)
    click.echo(f"unit: {made['result']['unit']['unitId']} registered, of {len(ids):,} assets")
    status = platform.status(made["transactionId"])["status"]
    click.echo(f"status of {made['transactionId']}: {status}")
    if all_flows:
        bad = with_faults(assets[:2])
        _hand_in(platform, returns, "bad assets", lambda: platform.create_assets(bad), patience, "FAILED")
        _hand_in(platform, returns, "bad unit", lambda: platform.create_unit(unit), patience, "FAILED")


def _hand_in(platform: Platform, returns: Returns, what: str, call: Any, patience: float,
             expected: str = "SUCCEEDED") -> dict[str, Any]:
    """Hand something in, and wait for what becomes of it. Raises Disappointed unless it ends as expected."""
    began = time.monotonic()
    transaction_id = call()
    click.echo(f"{what}: {transaction_id} after {time.monotonic() - began:.3f} s")
    transaction = returns.wait_for(transaction_id, patience)
    if transaction is not None:
        click.echo(f"{what}: signed return after {time.monotonic() - began:.3f} s, signature verified: "
                   f"{transaction['status']}")
    else:
        transaction = platform.status(transaction_id)
        click.echo(f"{what}: no return in {patience:g} s; the status call says {transaction['status']}")
    if transaction["errors"]:
        click.echo(in_words(transaction["errors"]))
    if transaction["status"] != expected:
        raise Disappointed(f"{what}: {transaction_id} is {transaction['status']}, expected was {expected}")
    return transaction


if __name__ == "__main__":
    main()
