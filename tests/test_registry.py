"""Entries and their parameters: what is accepted, and what a refusal says."""

import math

import pytest

from explorer.registry import Entry, Param, pick

COUNT = Param("count", "Count", 5, 1, 10, 1)
WIDTH = Param("width", "Width", 0.5, 0.0, 2.0, 0.1)
THING = Entry(lambda count, width: (count, width), "Thing", params=(COUNT, WIDTH))


def test_defaults_fill_what_is_left_out():
    assert THING.build() == (5, 0.5)
    assert THING.build({"width": 1}) == (5, 1.0)


def test_an_integer_default_makes_an_integer():
    count = COUNT.checked("7")
    assert count == 7
    assert isinstance(count, int)
    assert isinstance(WIDTH.checked(1), float)


@pytest.mark.parametrize("value", [0, 11, math.nan, math.inf, "many", None, [3]])
def test_unusable_values_name_the_range(value):
    with pytest.raises(ValueError, match=r"Count.*from 1 to 10"):
        COUNT.checked(value)


def test_an_integer_takes_no_decimals():
    with pytest.raises(ValueError, match="without decimals"):
        COUNT.checked(2.5)


def test_unknown_parameters_name_the_known_ones():
    with pytest.raises(ValueError, match=r"'size'.*count, width"):
        THING.build({"size": 3})


def test_an_unknown_entry_names_the_choices():
    assert pick({"thing": THING}, "thing") is THING
    with pytest.raises(ValueError, match=r"'thong' is unknown.*thing"):
        pick({"thing": THING}, "thong")
