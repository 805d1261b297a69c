"""MPANs: their check digit, and the GSP Group of their distributor (domain: public)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.mpan import GSP_GROUP_OF_DISTRIBUTOR, check_digit, gsp_group_of, mpan_problem

VALID = ("1800021679848", "1300035399160", "1000000000012", "1112345678908", "1200123456787", "2298765432108")


@pytest.mark.parametrize("mpan", VALID)
def test_valid_mpans_are_sound(mpan: str) -> None:
    """Domain: six valid MPANs, public."""
    assert mpan_problem(mpan) is None


def test_the_check_digit_is_named_with_the_right_one() -> None:
    """Ours: an error says what is wrong and what would be right."""
    assert mpan_problem("1800021679847") == (
        "The check digit of 1800021679847 is 7, should be 8. One of its digits is mistyped.")


@pytest.mark.proves("rule/mpans.check_digit")
def test_the_weights_are_those_of_the_public_formula() -> None:
    """Domain: (sum of digit times 3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43) mod 11 mod 10, public."""
    assert [check_digit("0" * place + "1" + "0" * (11 - place)) for place in range(12)] == [
        weight % 11 % 10 for weight in (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)]


def test_a_remainder_of_ten_is_the_check_digit_nought() -> None:
    """Domain: mod 11 mod 10, public. 43 mod 11 is 10."""
    assert check_digit("000000000001") == 43 % 11 % 10 == 0


@pytest.mark.proves("rule/mpans.check_digit")
@given(st.sampled_from(VALID), st.integers(1, 9))
def test_any_other_last_digit_is_wrong(mpan: str, more: int) -> None:
    """Domain: one check digit for twelve digits, public."""
    wrong = mpan[:-1] + str((int(mpan[-1]) + more) % 10)
    assert f"should be {mpan[-1]}." in (mpan_problem(wrong) or "")


@pytest.mark.parametrize("text", [
    "", "180002167984", "18000216798480", "18 00021679848", "180002167984x", "١٨٠٠٠٢١٦٧٩٨٤٨"])
def test_what_is_not_thirteen_digits_is_no_mpan(text: str) -> None:
    """Domain: the core has 13 digits, public."""
    assert "13 digits" in (mpan_problem(text) or "")


@pytest.mark.proves("rule/mpans.gsp_group")
def test_distributors_10_to_23_fix_the_group() -> None:
    """Domain: 10 _A, 11 _B … 17 _P, 18 _N, 19 _J, 20 _H … 23 _M, public: fourteen groups, without _I and _O."""
    assert list(GSP_GROUP_OF_DISTRIBUTOR) == [str(number) for number in range(10, 24)]
    assert sorted(GSP_GROUP_OF_DISTRIBUTOR.values()) == [f"_{letter}" for letter in "ABCDEFGHJKLMNP"]
    assert [gsp_group_of(f"{number}00000000000") for number in (10, 17, 18, 19, 20, 23)] == [
        "_A", "_P", "_N", "_J", "_H", "_M"]


@pytest.mark.proves("rule/mpans.gsp_group")
@pytest.mark.parametrize("start", ["09", "24", "32", "99"])
def test_other_distributors_fix_no_group(start: str) -> None:
    """Domain: ids from 24 are independent networks, public."""
    assert gsp_group_of(f"{start}00000000000") is None
