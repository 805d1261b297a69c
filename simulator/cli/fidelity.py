"""`flexsim fidelity`: the fidelity ledger, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simulator.app import load_contracts
from simulator.cli.asking import CannotReach, SaidNo
from simulator.cli.loading import TaughtCommand
from simulator.cli.printing import counted, give, table
from simulator.contracts import ContractUnusable
from simulator.fidelity import KINDS, LedgerEntry, ledger
from simulator.fidelity.entries import PLATFORMS, summary_of
from simulator.market.provenance import LABELS
from simulator.settings import CannotStart, read_settings

_LONGEST = 70


@click.command("fidelity", cls=TaughtCommand, examples=[
    "flexsim fidelity", "flexsim fidelity --label assumed --kind number", "flexsim fidelity --search baseline",
    "flexsim fidelity --all --json"])
@click.option("--label", type=click.Choice(LABELS), help="Only what has this label.")
@click.option("--kind", type=click.Choice(KINDS), help="Only entries of this kind.")
@click.option("--platform", type=click.Choice(PLATFORMS), help="Only what this platform has.")
@click.option("--search", metavar="WORDS", help="Only entries with all these words in their name, source or place.")
@click.option("--all", "all_", is_flag=True, help="List every entry; without a choice there is only a summary.")
@click.option("--contract", "contracts", multiple=True, metavar="PLATFORM=FILE",
              help="Your own OpenAPI contract instead of ours, as for `flexsim serve`. May be repeated.")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="TOML file with settings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on standard output.")
def command(label: str | None, kind: str | None, platform: str | None, search: str | None, all_: bool,
            contracts: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Tell how faithful each route, field, rule and number is.

    Each has a label: documented, public, inferred or assumed; its source; and the tests that prove that the simulator
    does it. Built from the contracts and settings in force, no server needed. Exit code 1 if anything has no label.
    """
    found = _ledger(",".join(contracts), config)
    chosen = found.select(label or "", kind or "", platform or "", search or "")
    shown = chosen if all_ or as_json or any((label, kind, platform, search)) else []
    summary = summary_of(chosen)
    give(as_json, {"summary": summary, "entries": [entry.as_json() for entry in shown]},
         [*_lines(shown), *_summed(summary)])
    if summary["unlabelled"]:
        raise SaidNo(f"{counted(int(str(summary['unlabelled'])), 'thing')} without a label. Give each an "
                     "`x-provenance` in your contract.")


def _ledger(contracts: str, config: Path | None) -> Any:
    try:
        settings = read_settings({"contracts": contracts} if contracts else {}, file=config)
        return ledger(load_contracts(settings), settings)
    except CannotStart as error:
        raise CannotReach("\n".join(error.problems)) from None
    except ContractUnusable as error:
        raise CannotReach("\n".join(map(str, error.problems))) from None


def _lines(entries: list[LedgerEntry]) -> list[str]:
    rows = [(entry.label, entry.platform, entry.kind, entry.name[:_LONGEST], len(entry.proofs), entry.source)
            for entry in entries]
    return [*table(("Label", "Platform", "Kind", "Name", "Tests", "Source"), rows), ""] if rows else []


def _summed(summary: dict[str, Any]) -> list[str]:
    return [*table(("Label", "Entries"), [*summary["labels"].items(), ("no label", summary["unlabelled"])]), "",
            f"{summary['entries']:,} in all, {summary['proven']:,} of them proven by tests. That says what the "
            "simulator does, not what the real platforms do."]
