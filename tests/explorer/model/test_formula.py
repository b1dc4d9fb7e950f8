from __future__ import annotations

import math

import pytest

from explorer.model.formula import (
    Run,
    chance,
    compact,
    exact,
    figures,
    minus,
    negative,
    number,
    numeral,
    plain,
    plus,
    shortened,
    symbol,
    times,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.0164, "0.01640"),
        (-0.5, "−0.5000"),
        (12345.6, "12346"),
        (1.5e-7, "1.500·10⁻⁷"),
        (-2e9, "−2.000·10⁹"),
        (float("nan"), "NaN"),
        (-math.inf, "−∞"),
        (0.99999, "1.000"),
    ],
)
def test_numbers_have_four_significant_digits_and_say_when_they_are_none(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0164, "+.0164"), (-0.5, "−.5000"), (3.1e-7, "+3.1e−7"), (2.25, "+2.250"), (0.0, "0"), (-math.inf, "−∞")],
)
def test_the_graphs_gradients_carry_their_sign_and_stay_short(value: float, shown: str) -> None:
    assert compact(value, signed=True) == shown
    assert len(shown) <= 8


@pytest.mark.parametrize("value", [1.2345678, -123456.7, 9.99999e-5, -4.4e-300, 99999.6, 0.00995])
def test_compact_numbers_never_round_something_to_nothing(value: float) -> None:
    shown = compact(value)
    assert float(shown.replace("−", "-")) == pytest.approx(value, rel=0.06)


def test_an_exact_number_reads_back_as_the_same_float() -> None:
    assert float(exact(0.1 + 0.2)) == 0.1 + 0.2


def test_a_sum_subtracts_negative_numbers_and_keeps_brackets_where_they_matter() -> None:
    assert plain(plus([numeral(1.0), numeral(-2.0)]).runs) == "1.000 − 2.000"
    assert plain(plus([numeral(1.0), times([numeral(-2.0), numeral(-3.0)], "×")]).runs) == "1.000 − 2.000 × (−3.000)"
    a, b = symbol("a"), symbol("b")
    assert plain(times([plus([a, b]), b]).runs) == "(a + b) ⊙ b"
    assert plain(minus(a, plus([a, b])).runs) == "a − (a + b)"
    assert plain(negative(plus([a, b])).runs) == "−(a + b)"


def test_a_subscript_without_a_unicode_form_keeps_its_underscore() -> None:
    assert plain((Run("W"), Run("f", script=-1))) == "W_f"
    assert plain((Run("h"), Run("12", script=-1))) == "h₁₂"


def test_a_long_sum_says_how_many_of_its_terms_are_left_out() -> None:
    a, b, c, d = (symbol(name) for name in "abcd")
    total = plus([a, times([b, plus([c, d])]), c, d]).runs
    assert plain(shortened(total, 2)) == "a + b ⊙ (c + d) + 2 more terms"
    assert plain(shortened(total, 1)) == "a + 3 more terms"
    assert shortened(total, 3) == total, "words for a single term save no room"


@pytest.mark.parametrize(
    ("p", "said"),
    [(0.402, "0.402"), (0.0158, "0.016"), (0.000146, "1.5e−4"), (3.04e-12, "3.0e−12"), (0.0, "0"), (math.nan, "NaN")],
)
def test_a_small_probability_keeps_two_digits(p: float, said: str) -> None:
    assert chance(p) == said and len(said) <= 7


@pytest.mark.parametrize(
    ("value", "usual", "tight"),
    [
        (0.0164, "+.016", "+.016"),
        (-0.1851, "−.19", "−.19"),
        (0.00531, "+.0053", "+.0053"),
        (-1.249, "−1.2", "−1.2"),
        (99.96, "+100", "+100"),
        (5.31e-4, "+5.3e−4", "+5e−4"),
        (9.0e-5, "+9.0e−5", "+9e−5"),
        (-0.9996, "−1.0", "−1.0"),
        (0.00099999, "+.0010", "+.0010"),
        (12345.0, "+1.2e4", "+1e4"),
        (0.0, "0", "0"),
        (float("nan"), "NaN", "NaN"),
        (-float("inf"), "−∞", "−∞"),
    ],
)
def test_a_gradient_of_the_graph_has_its_sign_and_two_digits_whatever_its_size(
    value: float, usual: str, tight: str
) -> None:
    assert figures(value, 2, signed=True) == usual
    assert figures(value, 2, signed=True, tight=True) == tight
    assert len(tight) <= 6


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.00911, ".00911"), (-0.00911, "−.00911"), (0.0311, "0.0311"), (9.11e-4, "9.1e−4"), (0.131, "0.131")],
)
def test_where_there_is_little_room_a_thousandth_is_still_a_decimal(value: float, said: str) -> None:
    assert figures(value, 3, tight=True) == said


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("value", [1.2345678, -123456.7, 9.99999e-5, -4.4e-300, 99999.6, 0.00995, 0.4021])
def test_so_many_figures_are_the_number_rounded(value: float, tight: bool) -> None:
    for digits in (1, 2, 3):
        shown = figures(value, digits, tight=tight)
        digits -= tight and digits > 1 and "e" in shown
        assert float(shown.replace("−", "-")) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
        if 1e-2 > abs(value) > 1e-300:
            assert len(shown.partition("e")[0].replace("−", "").replace(".", "").lstrip("0")) == digits
