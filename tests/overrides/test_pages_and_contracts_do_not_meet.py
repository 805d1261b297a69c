"""No contract can take the place of a page: every page stands below a prefix that contracts may not use."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.routing import Map

from simulator import Settings, Simulator
from simulator.app import PAGE_PREFIXES, load_contracts
from simulator.contracts import ContractUnusable, load_contract
from simulator.contracts.vocabulary import RESERVED_PREFIXES
from simulator.pages import build_pages
from tests.overrides.calling import contract_file

RESERVED = (*RESERVED_PREFIXES, *PAGE_PREFIXES)
WATTS = contract_file("watts").read_text()


@pytest.fixture(scope="module")
def routes(server: Simulator) -> Map:
    """The routes of the web application of all pages and of /_sim."""
    return build_pages(server.worlds, load_contracts(Settings())).url_map


def is_reserved(path: str) -> bool:
    """Whether a path is a reserved prefix or lies below one."""
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in RESERVED)


def test_every_page_stands_below_a_reserved_prefix(routes: Map) -> None:
    """A page added elsewhere could be hidden by a contract; add its prefix to simulator.app.PAGE_PREFIXES."""
    paths = {rule.rule for rule in routes.iter_rules()}
    assert len(paths) > 20
    assert [path for path in sorted(paths) if path != "/" and not is_reserved(path)] == []


def test_every_page_prefix_has_a_page(routes: Map) -> None:
    """A prefix without pages would refuse contracts for nothing."""
    paths = [rule.rule for rule in routes.iter_rules()]
    assert [prefix for prefix in PAGE_PREFIXES if not any(path.startswith(prefix) for path in paths)] == []


@pytest.mark.parametrize("path", ["/", *(prefix.rstrip("/") for prefix in RESERVED)])
def test_a_contract_cannot_stand_there(tmp_path: Path, path: str) -> None:
    """The first page, each prefix, and with each prefix all below it."""
    for place in {path, path.rstrip("/") + "/", path + "/below" if path != "/" else path}:
        file = tmp_path / "my.yaml"
        file.write_text(WATTS.replace("/api/v2/readings:", f"{place}:"))
        with pytest.raises(ContractUnusable, match="simulator"):
            load_contract("participant", file, reserved=RESERVED)


@pytest.mark.parametrize("path", ["/{any}", "/{any}/readings", "/_{any}/x", "/sign-{any}", "/api-{a}ing/{b}"])
def test_braces_cannot_stand_for_a_page(tmp_path: Path, path: str) -> None:
    """A parameter in the path takes any text, and the text could be the name of a page."""
    file = tmp_path / "my.yaml"
    file.write_text(WATTS.replace("/api/v2/readings:", f"{path}:"))
    with pytest.raises(ContractUnusable, match="can mean /.*belongs to the simulator"):
        load_contract("participant", file, reserved=RESERVED)
