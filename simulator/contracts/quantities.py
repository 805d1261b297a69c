"""Amounts on the wire: unit, sign, and numbers written as text. Canonical are kW and kWh, generation positive.

Source: portal FAQ page (kW or kWh, positive is generation), public; every other unit and sign is the override's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import Any

from .problems import CannotWrite, Findings, Path, Unfit
from .schemas import find_trait, find_types
from .translations import Translation
from .vocabulary import ENERGY_UNITS, POWER_UNITS, SIGNS, VOLTAGE_UNITS, Field

_UNITS = {"power": POWER_UNITS, "energy": ENERGY_UNITS, "voltage": VOLTAGE_UNITS}
"""Kind of field -> its units; each has one without a power of ten, which is the canonical one."""

Amount = int | float | Decimal

_DECIMAL = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?").fullmatch

# Scaling by 1,000 leaves noise such as 64427.00000000001; these decimals of a kW are far below any meter, and above the
# noise for anything up to 10 GW.
_DECIMALS_READ = 8
_DECIMALS = 12


def _read_number(value: Any) -> int | float:
    if type(value) is not float and type(value) is not int:
        raise Unfit("type", "is not a number: send digits without quotes.")
    return value


def _read_decimal_text(value: Any) -> int | float:
    if type(value) is not str or not _DECIMAL(value):
        raise Unfit("type", 'is not a number in quotes: send text such as "12.5".')
    return float(value) if "." in value else int(value)


def _scale(power_of_ten: int, sign: int) -> Callable[[int | float], int | float]:
    factor = 10 ** abs(power_of_ten)
    if power_of_ten > 0:
        return lambda value: round(value * factor * sign, _DECIMALS_READ)
    if power_of_ten < 0:
        # Dividing by 1,000 is exact to the last bit where multiplying by 0.001 is not.
        return lambda value: value * sign / factor
    return lambda value: value * sign


def _check_unit(field_kind: str, schema: dict[str, Any], path: Path, findings: Findings) -> int:
    known = _UNITS.get(field_kind)
    if known is None:
        return 0
    unit = find_trait(schema, "x-unit")
    if unit is None:
        return 0
    if unit in known:
        return known[unit]
    here = (*path, "x-unit")
    mend = f"Use one of {', '.join(known)}."
    if any(unit in other for other in _UNITS.values()):
        findings.add(here, f"x-unit: {unit} does not measure {field_kind}.", mend)
    else:
        findings.add(here, f"x-unit: {unit} is not a unit we know.", mend)
    return 0


def _check_sign(schema: dict[str, Any], path: Path, findings: Findings) -> int:
    word = find_trait(schema, "x-sign", "generation-positive")
    if word not in SIGNS:
        findings.add((*path, "x-sign"), f"x-sign: {word} is not a word we know.", f"Use one of {', '.join(SIGNS)}.")
    return SIGNS.get(word, 1)


def _writer(power_of_ten: int, sign: int, types: tuple[str, ...]) -> Callable[[Amount], int | float | str]:
    def write(amount: Amount) -> int | float | str:
        # Decimal arithmetic, because 1.1 * 1000 is 1100.0000000000002.
        exact = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        value = exact.scaleb(-power_of_ten) * sign
        if value.as_tuple().exponent < -_DECIMALS:
            value = round(value, _DECIMALS)
        if types and not {"number", "string"} & set(types):
            if round(value) != round(value, 6):
                raise CannotWrite(
                    f"{amount} becomes {value.normalize():f} on the wire, and the contract takes whole numbers only."
                )
            return round(value)
        # 12500.0 and -0.0 are correct but read oddly in an example.
        plain = int(value) if value == value.to_integral_value() else float(value)
        if types and "number" not in types:
            return str(plain) if isinstance(plain, int) else f"{value.normalize():f}"
        return plain

    return write


def translate_amount(field: Field, schema: dict[str, Any], path: Path, findings: Findings) -> Translation:
    """How a power, an energy, a voltage or a plain number is read and written. Notes an unknown or unfitting x-unit
    and x-sign.
    """
    power_of_ten = _check_unit(field.kind, schema, path, findings)
    sign = _check_sign(schema, path, findings) if field.signed else 1
    types = find_types(schema)
    numeric = bool(types) and set(types) <= {"integer", "number"}
    as_text = bool(types) and not {"integer", "number"} & set(types)
    write = _writer(power_of_ten, sign, types)
    if numeric and power_of_ten == 0 and sign == 1:
        return Translation(None, write)
    to_canonical = _scale(power_of_ten, sign)
    parse = _read_decimal_text if as_text else _read_number

    def scale(value: Any) -> int | float:
        amount = to_canonical(value)
        if not isfinite(amount):
            raise Unfit("maximum", "is larger than anything on the grid: check the unit.")
        return amount

    # Where the schema has made sure of a number, a second look would cost as much as the scaling.
    return Translation(scale if numeric else lambda value: scale(parse(value)), write)
