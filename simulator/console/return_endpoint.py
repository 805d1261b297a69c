"""An endpoint for batch returns to begin with: a program that runs as it stands, and believes only what is signed."""

from __future__ import annotations

import re

from simulator.contract_pages.commands import place_of_world
from simulator.contracts import Contract

PORT = 9100
"""Where the example's endpoint listens."""


def endpoint_program(contract: Contract) -> str:
    """A Flask program that verifies a batch return over the bytes as they came, prints it, and acknowledges it."""
    message, keys = contract.outbound["sendBatchReturn"], contract.operations["getKeys"]
    # What stands in braces in the contract can have any name there, and only some names in Flask.
    numbers = iter(range(1, 100))
    path = re.sub(r"\{[^{}]*\}", lambda _: f"<part{next(numbers)}>", message.path)
    header = message.signature_header or "X-JWS-Signature"
    arguments = "**parts" if "<part" in path else ""
    return f"""import requests
from flask import Flask, request
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

app = Flask(__name__)


@app.route({f"/batch-returns{path}"!r}, methods=[{message.method!r}])
def take_return({arguments}):
    # Keys are changed: a program of your own keeps them, and fetches them again when it does not know a kid.
    keys = KeySet.import_key_set(requests.get({place_of_world() + keys.path!r}, timeout=10).json())
    body = request.get_data()  # the signature is over these bytes: JSON read and written again may be others
    try:
        if request.mimetype == "application/jose":
            body = jws.deserialize_compact(body, keys, ["RS256"]).payload
        else:
            jws.deserialize_compact(request.headers.get({header!r}, ""), keys, ["RS256"], payload=body)
    except (JoseError, ValueError) as error:
        return f"not signed by the platform: {{error}}", 401
    print("verified", body.decode(), flush=True)
    # Any 2xx within 10 seconds acknowledges. The same return may come twice.
    return "", 204


app.run(port={PORT})"""
