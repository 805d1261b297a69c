"""The fidelity ledger is complete and honest: built from what carries labels, proven by results, never by hand."""

from __future__ import annotations

import dataclasses
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator import market, operations, outbound
from simulator.contracts import load_contract, unlabelled
from simulator.fidelity import KINDS, KeptLedger, LedgerEntry, ledger
from simulator.fidelity.entries import summary_of
from simulator.fidelity.market_entries import RULE_MODULES
from simulator.fidelity.proofs import PROOFS_FILE, read_file
from simulator.fidelity.unproven import UNPROVEN
from simulator.market.policy import DEFAULT_POLICY, MARKET_RULES, MarketPolicy, numbers_of
from simulator.market.portal_pages import PORTAL_PAGES
from simulator.market.provenance import LABELS
from simulator.operations.timetable import JOBS, timetable
from simulator.portal.menu import MENU
from simulator.settings import Settings
from tests.ledger_judging import Result, choose, judge, own_entries, proofs_of
from tests.overrides.calling import contract_file

ENTRY = LedgerEntry("rule/one", "rule", "One rule.", "assumed", "Ours.")
OTHER = LedgerEntry("rule/other", "rule", "Another rule.", "public", "A page.")
PASSED = {"tests/a.py::test_one": Result(0.1, frozenset({"rule/one"})),
          "tests/a.py::test_other": Result(0.1, frozenset(), frozenset({"rule/other"}))}
COMMITTED = {"rule/one": {"digest": ENTRY.digest, "tests": ["tests/a.py::test_one"]},
             "rule/other": {"digest": OTHER.digest, "tests": ["tests/a.py::test_other"]}}
HOPELESS = LedgerEntry("rule/one", "rule", "One rule.", "assumed", "Ours.", unproven="It is never seen.")


def _proof(entry: LedgerEntry, test: str) -> dict[str, Any]:
    return {"digest": entry.digest, "tests": [test]}


def _ids() -> set[str]:
    return {entry.id for entry in own_entries()}


def test_every_entry_has_an_id_of_its_own_a_kind_a_label_and_a_source() -> None:
    """Domain: every rule carries one of four labels; nothing stands without a source."""
    entries = own_entries()
    assert len(_ids()) == len(entries) > 400
    for entry in entries:
        assert entry.kind in KINDS and entry.label in LABELS, entry
        assert entry.source.strip() and entry.name.strip() and entry.where, entry
    assert {entry.kind for entry in entries} == set(KINDS)


def test_the_ledger_has_everything_that_carries_a_label() -> None:
    """Ours: contracts, numbers, rules, settings, pages, e-mails and jobs; so nothing is added by hand."""
    ids = _ids()
    assert {f"policy/{number.name}" for number in numbers_of(DEFAULT_POLICY)} <= ids
    assert {f"rule/month.{rule.name}" for rule in MARKET_RULES} <= ids
    assert {f"setting/{name}" for name, field in Settings.__dataclass_fields__.items()
            if field.metadata["label"]} == {each for each in ids if each.startswith("setting/")}
    assert {f"page/{words}" for _, pages in MENU for words, _ in pages} <= ids
    assert {"participant/postReadings", "smp/createAssets", "smp/sendBatchReturn", "participant/code/unknown_unit",
            "smp/Asset/technologyType=Batteries", "smp/createUnit/answer/202"} <= ids


@pytest.mark.parametrize("package", [market, operations, outbound])
def test_no_module_with_rules_is_left_out(package: object) -> None:
    """Ours: a module that says how far its rules can be trusted is read for the ledger."""
    for found in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{found.name}")
        assert not hasattr(module, "RULES") or module in RULE_MODULES, module.__name__


def test_every_job_of_the_timetable_is_labelled() -> None:
    """Ours: no job without a source."""
    assert [rule.name for rule in JOBS] == [job.name for job in timetable(DEFAULT_POLICY, None)]


def test_the_menu_is_the_labelled_pages() -> None:
    """Portal guide §3 (documented): the words of the menus."""
    assert [(menu, words) for menu, pages in MENU for words, _ in pages] == [
        (page.menu, page.words) for page in PORTAL_PAGES]


@pytest.mark.parametrize("platform", ["participant", "smp"])
def test_the_ledger_s_eyes_are_as_good_as_the_contract_checker_s(platform: str) -> None:
    """Ours: both find everything labelled in our contracts; a label that is taken away is missed by both."""
    document = orjson.loads(orjson.dumps(load_contract(platform).document))
    assert unlabelled(document) == []
    route = next(iter(document["paths"].values()))["post"]
    del route["x-provenance"]
    del next(iter(route["responses"].values()))["x-provenance"]
    contract = load_contract(platform)
    object.__setattr__(contract, "document", document)
    lost = [entry.id for entry in ledger({platform: contract}, Settings()).entries if not entry.label]
    assert len(lost) == len(unlabelled(document)) == 2


def test_a_limit_is_not_called_documented_because_its_field_is() -> None:
    """Domain: nothing below documented is presented as the platform's own; the 1,000 assets are documented."""
    labels = {entry.id: entry.label for entry in own_entries()}
    assert labels["smp/authenticate/request/username"] == "documented"
    assert labels["smp/authenticate/request/username#maxLength"] == "assumed"
    assert labels["smp/createAssets/request/assets#maxItems"] == "documented"
    assert labels["smp/createAssets/request/assets#minItems"] == "assumed"
    assert labels["participant/Reading/powerKw#maximum"] == "assumed"


def test_a_contract_of_the_users_own_gets_no_proofs_for_what_differs() -> None:
    """Ours: the tests were made with our contract; its labels are the user's."""
    file = contract_file("everything_renamed")
    contracts = {"participant": load_contract("participant", file), "smp": load_contract("smp")}
    found = ledger(contracts, Settings(contracts={"participant": file})).entries
    ours = {entry.id: entry for entry in own_entries()}
    changed = [entry for entry in found if entry.id.startswith("participant/") and entry.id not in ours]
    assert changed and not any(entry.proofs for entry in changed)
    assert all(entry.proofs == ours[entry.id].proofs for entry in found if entry.id.startswith("smp/"))


def test_a_number_that_was_set_to_something_else_gets_no_proofs() -> None:
    """Ours: the tests were made with our numbers."""
    settings = Settings(sign_in_attempts=4, market=MarketPolicy(payment_slope=2))
    found = {entry.id: entry for entry in ledger({}, settings).entries}
    assert found["setting/sign_in_attempts"].proofs == found["policy/payment_slope"].proofs == ()
    assert "(4)" in found["setting/sign_in_attempts"].name and "(2)" in found["policy/payment_slope"].name


def test_what_cannot_be_proven_says_why_and_is_ours_alone() -> None:
    """Ours: a word that the simulator never sends has no proof; another contract's has no reason of ours."""
    found = {entry.id: entry.unproven for entry in own_entries() if entry.unproven}
    assert found == UNPROVEN
    assert all(entry.proofs == () for entry in own_entries() if entry.unproven)


def test_a_kept_ledger_is_built_once_for_the_same_settings() -> None:
    """Ours: a page that is loaded again need not wait again."""
    kept, settings = KeptLedger({}), Settings()
    assert kept.of(settings) is kept.of(settings)
    assert kept.of(Settings(sign_in_attempts=4)).entries != kept.of(settings).entries


def test_the_ledger_can_be_chosen_from() -> None:
    """Ours: by label, kind, platform and words."""
    whole = ledger({name: load_contract(name) for name in ("participant", "smp")}, Settings())
    found = whole.select(label="documented", kind="email", platform="portal", q="london daily")
    assert [entry.id for entry in found] == ["email/daily_schedules"]
    assert whole.select(platform="smp") != whole.select(platform="portal")
    assert whole.select(q="no such words at all") == []
    assert sum(summary_of(whole.entries)["labels"].values()) == len(whole.entries)


def test_a_good_run_has_no_complaints() -> None:
    """Ours: what the next tests break."""
    assert judge(PASSED, [ENTRY, OTHER], COMMITTED) == []
    only_other = {"tests/a.py::test_other": PASSED["tests/a.py::test_other"]}
    assert judge(only_other, [HOPELESS, OTHER], {"rule/other": COMMITTED["rule/other"]}) == []


@pytest.mark.parametrize(("passed", "entries", "committed", "complaint"), [
    (PASSED, [], {}, "the ledger is empty"),
    ({}, [ENTRY], {}, "no test exercised it"),
    (PASSED, [ENTRY, OTHER], {"rule/one": COMMITTED["rule/one"]}, "rule/other: no committed proof"),
    (PASSED, [HOPELESS, OTHER], COMMITTED, "rule/one: it is proven; take it out of unproven.py"),
    (PASSED, [dataclasses.replace(ENTRY, name="Quite another rule."), OTHER], COMMITTED, "rule/one: its words, value"),
    (PASSED, [dataclasses.replace(ENTRY, essence=["another"]), OTHER], COMMITTED, "rule/one: its words, value"),
    (PASSED, [dataclasses.replace(ENTRY, label="public"), OTHER], COMMITTED, "rule/one: its words, value"),
    ({"tests/a.py::test_other": PASSED["tests/a.py::test_other"]}, [ENTRY, OTHER], COMMITTED,
     "rule/one: its proof tests/a.py::test_one is not there or did not pass"),
    (PASSED, [ENTRY, OTHER], {**COMMITTED, "rule/one": _proof(ENTRY, "tests/a.py::test_gone")},
     "rule/one: its proof tests/a.py::test_gone is not there or did not pass"),
    (PASSED, [ENTRY, OTHER], {**COMMITTED, "rule/one": _proof(ENTRY, "tests/a.py::test_other")},
     "rule/one: its proof tests/a.py::test_other did not exercise it"),
    (PASSED, [ENTRY, OTHER], {**COMMITTED, "rule/gone": _proof(ENTRY, "tests/a.py::test_one")},
     "rule/gone: proofs.json names it, the ledger does not"),
    ({**PASSED, "tests/a.py::test_stale": Result(0.1, frozenset(), frozenset({"rule/gone"}))}, [ENTRY, OTHER],
     COMMITTED, "rule/gone: a marker names it, the ledger does not"),
    (PASSED, [LedgerEntry("rule/one", "rule", "One.", "", "Ours."), OTHER], COMMITTED, "rule/one: no label"),
    (PASSED, [LedgerEntry("rule/one", "rule", "One.", "certain", "Ours."), OTHER], COMMITTED, "rule/one: no label"),
    (PASSED, [LedgerEntry("rule/one", "rule", "One.", "assumed", " "), OTHER], COMMITTED, "rule/one: no source"),
])
def test_each_thing_that_is_wrong_is_a_complaint(passed: dict[str, Result], entries: list[LedgerEntry],
                                                 committed: dict[str, Any], complaint: str) -> None:
    """Ours: unlabelled, unproven, and proofs that do not hold; a check that cannot fail would be none."""
    assert any(each.startswith(complaint) or complaint in each for each in judge(passed, entries, committed))


def test_the_marked_and_the_specific_tests_are_chosen() -> None:
    """Ours: at most three: those that name the entry, else the specific; of equals what is committed already."""
    seen = {f"t{number}": Result(0.1, frozenset({"e", *map(str, range(number))})) for number in range(6)}
    assert proofs_of("e", seen, []) == ["t0", "t1", "t2"]
    assert proofs_of("e", seen, ["t5", "t-gone"]) == ["t0", "t1", "t2"]
    equal = {name: Result(0.1, frozenset({"e"})) for name in "abcd"}
    assert proofs_of("e", equal, ["d", "t-gone"]) == ["a", "b", "d"]
    both = {"wide": Result(0.1, frozenset(), frozenset("efg")),
            "narrow": Result(0.1, frozenset("efgh"), frozenset("e"))}
    assert proofs_of("e", {**both, **{f"w{each}": both["wide"] for each in range(3)}}, []) == ["narrow", "w0", "w1"]
    assert proofs_of("e", {**seen, "slow": Result(9.0, frozenset({"e"}))}, []) == ["t0", "t1", "t2"]
    assert proofs_of("e", {**seen, "marked": Result(9.0, frozenset(), frozenset({"e"}))}, []) == ["marked"]
    assert proofs_of("e", {f"t[{number}]": seen["t1"] for number in range(3)}, []) == ["t[0]"]
    assert proofs_of("x", seen, ["t1"]) == []


def test_the_file_of_proofs_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    """Ours: it changes only where it must, so that a change of it says something."""
    names = sorted(_ids())[:5]
    passed = {f"tests/x.py::test_{number}": Result(0.1, frozenset(names[number:])) for number in range(5)}
    file = tmp_path / "proofs.json"
    assert choose(passed, file) == 5
    first = file.read_bytes()
    assert choose(dict(reversed(passed.items())), file) == 5
    assert file.read_bytes() == first


def test_the_committed_proofs_name_tests_that_are_there() -> None:
    """Ours: whether they pass, and exercise their entry, a whole run says."""
    committed = read_file()
    assert PROOFS_FILE.read_bytes() == orjson.dumps(
        committed, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    root = Path(__file__).parents[2]
    for tests in (kept["tests"] for kept in committed.values()):
        assert 1 <= len(tests) <= 3 and tests == sorted(tests)
        for test in tests:
            file, _, name = test.partition("::")
            assert f"def {name.partition('[')[0]}(" in (root / file).read_text(), test
