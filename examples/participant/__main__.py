"""`python -m examples.participant`: a participant with simulated batteries, until Ctrl+C or SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from datetime import timedelta
from types import FrameType

import click
from werkzeug.serving import make_server

from examples.participant.battery import Battery
from examples.participant.fleet import Fleet
from examples.participant.market_time import SimulatorClock, WallClock
from examples.participant.readings import Platform, Reporter
from examples.participant.server import Manners, create_app


def _web_address(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise click.BadParameter(f"{value!r} must begin with http:// or https://")
    return value


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--platform", required=True, callback=_web_address, metavar="URL",
              help="Where the platform is, such as http://127.0.0.1:8000")
@click.option("--token", required=True, help="Your API access token.")
@click.option("--unit", "units", required=True, multiple=True, metavar="ID",
              help="A Meterable Unit that is metered minute by minute. May be repeated.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9000, show_default=True, help="Port to listen on; 0 finds a free one.")
@click.option("--bearer", metavar="SECRET", help="Refuse messages without 'Authorization: Bearer SECRET'.")
@click.option("--hmac", "hmac_secret", metavar="SECRET", help="Refuse messages without a valid X-Signature.")
@click.option("--idle-kw", default=-20.0, show_default=True, help="Power when nobody calls: the baseline.")
@click.option("--capacity-kw", default=500.0, show_default=True, help="Most power in either direction.")
@click.option("--ramp", default=0.0, show_default=True, metavar="MINUTES", help="Time to reach an instructed change.")
@click.option("--late", default=0.0, show_default=True, metavar="MINUTES", help="Fault: begin this much later.")
@click.option("--under-deliver", default=0.0, show_default=True, metavar="PERCENT", type=click.FloatRange(0, 100),
              help="Fault: deliver this much less than instructed.")
@click.option("--silent", is_flag=True, help="Fault: acknowledge, but post no readings of events.")
@click.option("--rude", default=0, metavar="N", help="Fault: answer the first N messages with 500.")
@click.option("--slow", default=0.0, metavar="SECONDS", help="Fault: answer every message this late.")
@click.option("--clock", callback=_web_address, metavar="URL",
              help="Simulator only: follow the market time of a simulator, or of one of its worlds.")
@click.option("--poll", default=1.0, show_default=True, metavar="SECONDS", type=click.FloatRange(0.01),
              help="Pause between two looks at the clock.")
def main(platform: str, token: str, units: tuple[str, ...], host: str, port: int, bearer: str | None,
         hmac_secret: str | None, idle_kw: float, capacity_kw: float, ramp: float, late: float, under_deliver: float,
         silent: bool, rude: int, slow: float, clock: str | None, poll: float) -> None:
    """A reference participant: obeys dispatches with simulated batteries and posts their readings."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # As an exception, so that the way out is the same as for any other end: through `finally`.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)

    batteries = {unit: Battery(idle_kw, capacity_kw, timedelta(minutes=ramp), 1 - under_deliver / 100,
                               timedelta(minutes=late)) for unit in units}
    fleet = Fleet(batteries, SimulatorClock(clock) if clock else WallClock())
    reporter = Reporter(fleet, Platform(platform, token), silent)
    stopping = threading.Event()
    app = create_app(reporter, Manners(bearer, hmac_secret, rude, slow), stopping)

    # Flask's own server is enough for an example; threads, so that a slow answer holds nobody up.
    server = make_server(host, port, app, threaded=True)
    # A daemon thread: a long wait before the next attempt to post must not hold up the end of the program.
    reporting = threading.Thread(target=reporter.run, args=(stopping, poll), name="reporter", daemon=True)
    try:
        # The first poll only notes where to begin. From here on, no minute is missed.
        reporter.poll()
        reporting.start()
        click.echo(f"participant listens at http://{host}:{server.server_port}")
        server.serve_forever()
    finally:
        stopping.set()
        server.server_close()
        reporting.join(timeout=0.5)
        if reporter.waiting:
            logging.getLogger("participant").warning("%d readings were not delivered", len(reporter.waiting))


def _leave(signal_number: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
