"""The contract the simulator ships: valid, labelled throughout, and as its descriptions promise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import simulator.contracts
from simulator.contracts import unlabelled
from simulator.contracts.vocabulary import OUR_EXTENSIONS, PLATFORMS

from .contract_files import contract_named, operation_of, route_of

PACKAGE = Path(simulator.contracts.__file__).parent


def test_it_is_a_valid_openapi_document() -> None:
    """The document follows OpenAPI 3.1, so any tool can read it."""
    assert list(OpenAPIV31SpecValidator(contract_named("default").document).iter_errors()) == []


def test_everything_in_it_says_how_far_it_can_be_trusted() -> None:
    """Every route, parameter, property, response, limit and word has a label and a source."""
    assert unlabelled(contract_named("default").document) == []


def test_readings_are_posted_to_the_second_version() -> None:
    """POST /api/v2/readings, JSON, at most 10,000 readings."""
    operation = operation_of("default")
    assert (operation.method, operation.path) == ("POST", "/api/v2/readings")
    assert operation.media_types == ("application/json",)
    assert operation.max_items == 10_000


def test_each_outcome_has_its_status() -> None:
    """200, and for refusals 400, 401, 413, 415 and 422."""
    assert operation_of("default").outcomes == {
        "accepted": 200,
        "broken_json": 400,
        "unauthorised": 401,
        "too_many": 413,
        "wrong_content_type": 415,
        "invalid": 422,
    }


@pytest.mark.parametrize(
    "code",
    [
        "unknown_unit",
        "not_on_half_hour",
        "not_on_minute",
        "in_the_future",
        "power_or_energy",
        "naive_time",
        "duplicate_in_request",
        "required",
        "type",
        "format",
        "additionalProperties",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
    ],
)
def test_every_code_is_listed_with_its_meaning(code: str) -> None:
    """A tester finds each code of an error in the document."""
    listed = {
        entry["code"]: entry["meaning"] for entry in route_of(contract_named("default").document)["x-error-codes"]
    }
    assert listed[code]


def test_the_csv_columns_are_snake_case() -> None:
    """meterable_unit_id, timestamp, power_kw and energy_kwh stand for themselves."""
    names = ["meterable_unit_id", "timestamp", "power_kw", "energy_kwh"]
    assert contract_named("default").csv == {name: name for name in names}


def test_there_is_a_contract_for_every_platform() -> None:
    """Each platform of the vocabulary has its file beside it."""
    assert all((PACKAGE / platform.file).is_file() for platform in PLATFORMS.values())


@pytest.mark.parametrize("extension", OUR_EXTENSIONS)
def test_every_extension_is_explained(extension: str) -> None:
    """README.md of the folder explains each extension, and shows it in an example."""
    text = (PACKAGE / "README.md").read_text()
    assert f"`{extension}`" in text
    examples = "".join(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    assert f"{extension}:" in examples


def test_the_default_loads_without_the_checker_of_foreign_files() -> None:
    """Start-up is quick: what only users' files need is not imported for the default."""
    script = (
        "import sys; from simulator.contracts import load_contract; load_contract('participant'); "
        "print([name for name in sys.modules if name.partition('.')[0] in ('openapi_spec_validator', 'jsonschema')])"
    )
    folder = PACKAGE.parent.parent
    result = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
