"""The servers that are compared, and how each is told what to answer.

No peer keeps the readings: Prism checks a request against our published contract and gives the canned
answer, WireMock matches a stub, moto simulates another platform and lends only its start, its memory and
its smallest GET. Our server checks, stores and journals, so equal figures mean that it does more.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bench.assets import ASSETS_PATH
from bench.exchanges import TOKEN, exchange
from bench.installs import ROOT, WORKSHOP, install, need
from bench.load import BATCHES, READING, READINGS_PATH, Load
from bench.problems import BenchProblem
from bench.processes import serving
from bench.versions import MOTO, PRISM, WIREMOCK

OURS = "flexsim"
OUR_COMMAND = ".venv/bin/flexsim serve --port {port}"
_OUR_HEALTH = "/_sim/health"
_OUR_CONTRACTS = "/_sim/contracts/"
_SMALL_GET = "/bench/health"  # for peers whose answers we write
_CONTRACT_FILES = ROOT / "simulator/contracts"
_A_PATH = {"participant": READINGS_PATH, "smp": ASSETS_PATH}


@dataclass(frozen=True)
class Contestant:
    """One server: how to start it (`{port}` is filled in), the GET to compare, and what else it can do.

    `smp_command` starts it as the Single Markets Platform, for those that answer that contract too.
    """

    name: str
    version: str
    command: list[str]
    get_path: str
    loads: tuple[Load, ...] = ()
    reset_path: str | None = None
    stores: bool = False
    smp_command: list[str] | None = None


def ours(command: str) -> Contestant:
    """This simulator with its demo world."""
    parts = [str(ROOT / part) if part.startswith(".venv/") else part for part in shlex.split(command)]
    return Contestant(
        name=OURS,
        version="this tree",
        command=parts,
        smp_command=parts,
        get_path=_OUR_HEALTH,
        loads=(READING, BATCHES),
        reset_path="/_sim/reset",
        stores=True,
    )


def moto() -> Contestant:
    """moto in server mode; its smallest GET answers two bytes."""
    folder = install(MOTO)
    return Contestant(
        name="moto_server",
        version=MOTO.version,
        command=[str(folder / "bin/moto_server"), "-H", "127.0.0.1", "-p", "{port}"],
        get_path="/moto-api/data.json",
        reset_path="/moto-api/reset",
    )


def prism(contract: Path, smp_contract: Path, *, quiet: bool) -> Contestant:
    """Prism mocking our contracts; as by default it logs each request, quietly it does not and is faster."""
    node = need("node")
    folder = install(PRISM)
    options = ["-v", "silent"] if quiet else []
    command = [
        node,
        str(folder / "node_modules/.bin/prism"),
        *["mock", *options, "-h", "127.0.0.1", "-p", "{port}"],
    ]
    return Contestant(
        name="prism quiet" if quiet else "prism",
        version=PRISM.version,
        command=[*command, str(contract)],
        smp_command=[*command, str(smp_contract)],
        get_path=_SMALL_GET,
        loads=(READING,),
    )


def wiremock() -> Contestant:
    """WireMock with one stub per route; as by default it keeps every request in its journal."""
    java = need("java")
    folder = install(WIREMOCK)
    jars = sorted(folder.glob("node_modules/wiremock/build/wiremock-standalone-*.jar"))
    if len(jars) != 1:
        raise BenchProblem(f"expected one jar in the package {WIREMOCK.requirement}, found {len(jars)}")
    files = folder / "files"
    (files / "mappings").mkdir(parents=True, exist_ok=True)
    (files / "mappings/stubs.json").write_text(json.dumps({"mappings": _stubs()}))
    return Contestant(
        name="wiremock",
        version=WIREMOCK.version,
        command=[
            *[java, "-jar", str(jars[0]), "--bind-address", "127.0.0.1"],
            *["--port", "{port}", "--root-dir", str(files)],
        ],
        get_path=_SMALL_GET,
        loads=(READING,),
    )


def _stubs() -> list[dict[str, Any]]:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        return {"status": 200, "headers": {"Content-Type": "application/json"}, "jsonBody": body}

    return [
        {"request": {"method": "GET", "url": _SMALL_GET}, "response": answer({"status": "ok"})},
        {
            "request": {
                "method": "POST",
                "url": READINGS_PATH,
                "headers": {"Authorization": {"equalTo": f"Bearer {TOKEN}"}},
                "bodyPatterns": [
                    {"matchesJsonPath": "$.meterableUnitId"},
                    {"matchesJsonPath": "$.timestamp"},
                ],
            },
            "response": answer({"accepted": 1, "created": 1, "updated": 0, "late": 0}),
        },
    ]


def contract_for_prism(our_server: Contestant, given: Path | None, platform: str = "participant") -> Path:
    """Write the contract of a platform that Prism mocks and return its path.

    It is the file given, else the one our server publishes, else the file in the tree; plus one small GET
    to compare, and without `servers`, so that paths are meant as they stand.
    """
    ours_in_tree = _CONTRACT_FILES / f"{platform}.yaml"
    contract = _read(given) if given else _published(our_server, platform) or _read(ours_in_tree)
    if _A_PATH[platform] not in contract.get("paths", {}):
        raise BenchProblem(f"the contract has no {_A_PATH[platform]}")
    contract.pop("servers", None)
    body = {"schema": {"type": "object"}, "example": {"status": "ok"}}
    answer = {"description": "A small fixed answer.", "content": {"application/json": body}}
    contract["paths"][_SMALL_GET] = {"get": {"security": [], "responses": {"200": answer}}}
    written = WORKSHOP / ("contract.json" if platform == "participant" else f"contract-{platform}.json")
    written.write_text(json.dumps(contract, indent=1, default=str))
    return written


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        raise BenchProblem(f"no contract for Prism: our server publishes none and {file.name} is missing")
    return dict(yaml.safe_load(file.read_text()))


def _published(our_server: Contestant, platform: str) -> dict[str, Any] | None:
    """The contract in force, from our server; None when the server does not run or publishes none."""
    try:
        with serving(our_server.command, our_server.get_path, WORKSHOP / "logs/contract.log") as running:
            answer = exchange(running.port, "GET", _OUR_CONTRACTS + platform)
    except (BenchProblem, OSError):
        return None
    found = answer.as_json()
    return found if answer.status == 200 and isinstance(found, dict) else None


def all_makers(command: str, contract: Path | None) -> dict[str, Callable[[], Contestant]]:
    """Every contestant by name, each made (and installed) only when its turn comes."""
    us = ours(command)

    @cache
    def mocked() -> tuple[Path, Path]:
        return contract_for_prism(us, contract), contract_for_prism(us, None, "smp")

    return {
        OURS: lambda: us,
        "moto_server": moto,
        "prism": lambda: prism(*mocked(), quiet=False),
        "prism quiet": lambda: prism(*mocked(), quiet=True),
        "wiremock": wiremock,
    }
