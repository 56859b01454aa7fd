"""The mixture editor: the text in the link, the table's checks and the buttons."""

from __future__ import annotations

import random

import pytest
from streamlit.testing.v1 import AppTest

from explorer.data.mixture_spec import COLUMNS, DEFAULTS, MAX_MODES, MixtureSpec, problems
from explorer.ui.mixture_editor import edited


@pytest.mark.parametrize("dim", [1, 2])
def test_text_and_mixture_turn_into_each_other(dim: int):
    text = DEFAULTS[dim].format()
    assert MixtureSpec.parse(text, dim).format() == text
    DEFAULTS[dim].check()


def test_a_covariance_has_the_variances_and_the_correlation_of_its_row():
    spec = MixtureSpec.parse("1_0_0_2_3_0.5", 2)
    assert spec.covariances == (((4.0, 3.0), (3.0, 9.0)),)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ((-1, 0, 0, 1, 1, 0), "Weight"),
        ((1, 21, 0, 1, 1, 0), "Mean x"),
        ((1, 0, float("nan"), 1, 1, 0), "Mean y"),
        ((1, 0, 0, 0, 1, 0), "Std σ x"),
        ((1, 0, 0, 1, None, 0), "Std σ y"),
        ((1, 0, 0, 1, 1, 1), "Correlation"),
    ],
)
def test_each_fault_is_named_by_mode_and_column(row, column):
    (fault,) = problems(2, [(1, 0, 0, 1, 1, 0), row])
    assert fault.startswith(f"Mode 2, {column}: ")


def test_weights_must_not_all_be_zero_and_modes_are_counted():
    assert "Weight" in problems(1, [(0, 0, 1), (0, 1, 1)])[0]
    assert problems(1, [])
    assert problems(1, [(1, 0, 1)] * (MAX_MODES + 1))


def test_no_text_breaks_the_parser():
    rng = random.Random(0)
    for _ in range(2000):
        text = "".join(rng.choices("0123456789._~-e naif,☃\x00", k=rng.randrange(40)))
        for dim in (1, 2):
            try:
                spec = MixtureSpec.parse(text, dim)
            except ValueError:
                continue
            assert MixtureSpec.parse(spec.format(), dim).format() == spec.format()


def test_pending_edits_of_the_table_are_applied_by_column():
    rows = edited(
        [(1, 0, 1), (1, 5, 1)], COLUMNS[1], {"edited_rows": {1: {"Mean": 4}, 0: {"Weight": None}}}
    )
    assert rows == [(None, 0, 1), (1, 4.0, 1)]


def editor_page() -> None:
    import streamlit as st

    from explorer.ui import links
    from explorer.ui.mixture_editor import edit_mixture

    links.enter("A page")
    links.place_notes()
    st.code(edit_mixture(1, key="mix").format())


def opened(text: str | None = None) -> AppTest:
    at = AppTest.from_function(editor_page, default_timeout=30)
    if text is not None:
        at.query_params["mix"] = text
    return at.run()


def test_the_link_is_read_and_modes_are_added_and_removed():
    at = opened("1_0_1")
    assert at.code[0].value == "1_0_1"
    at.button(key="_mix_add").click().run()
    assert at.code[0].value == "1_0_1~1_2_1"
    assert at.query_params["mix"] == "1_0_1~1_2_1"
    at.button(key="_mix_remove").click().run()
    assert at.code[0].value == "1_0_1"


@pytest.mark.parametrize("text", ["", "abc", "1_0", "nan_0_1", "0_0_1", "1_0_1~" * 50, "<b>"])
def test_a_malformed_link_gives_the_default_and_a_note(text: str):
    at = opened(text)
    assert not at.exception
    assert at.code[0].value == DEFAULTS[1].format()
    assert any(note.value.startswith("mix=") for note in at.text)
