"""Controls over a small registry: their defaults, their link, presets and reset."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.unusable import UNUSABLE


def small_page() -> None:
    import streamlit as st

    from explorer.registry import Entry, Param
    from explorer.ui import controls, links

    registry: dict[str, Entry[dict]] = {
        "ve": Entry(
            dict, "Exploding, g = λᵗ", params=(Param("lam", "λ", 10.0, 1.0, 50.0, 0.5, "Base."),)
        ),
        "ddpm": Entry(
            dict,
            "DDPM",
            params=(
                Param("steps", "Steps", 500, 1, 1000, 1),
                Param("beta", "β", 1e-4, 1e-5, 0.02, 1e-5),
                Param("pick", "Pick", 2, 1, 4, 1, choices=(1, 2, 4)),
            ),
        ),
    }
    links.enter("A page")
    links.place_notes()
    controls.presets({"Long chain": {"proc": "ddpm", "ddpm.steps": 900}})
    name, values = controls.choose(
        registry, key="proc", label="Process", default="ve", values={"ve": {"lam": 25.0}}
    )
    controls.switch(key="trails", label="Trails")
    controls.segments({"1": "1D", "2": "2D"}, key="dim", label="Dimensions", default="1")
    controls.seed()
    st.button("Reset", key="_reset", on_click=links.restore, args=({},))
    st.json({"name": name, **values})


def opened(query: dict[str, Any] | None = None) -> AppTest:
    at = AppTest.from_function(small_page, default_timeout=30)
    at.query_params.update(query or {})
    return at.run()


def shown(at: AppTest) -> dict[str, Any]:
    import json

    assert not at.exception
    return json.loads(at.json[0].value)


def test_defaults_of_the_page_stand_before_those_of_the_registry():
    assert shown(opened()) == {"name": "ve", "lam": 25.0}


def test_the_link_holds_names_and_only_what_differs_from_the_default():
    at = opened({"proc": "ddpm", "ddpm.steps": "500"})
    assert shown(at) == {"name": "ddpm", "steps": 500, "beta": 1e-4, "pick": 2}
    assert dict(at.query_params) == {"proc": "ddpm"}


def test_a_value_between_two_steps_is_used_as_it_is():
    assert shown(opened({"ve.lam": "3.3333"})) == {"name": "ve", "lam": 3.3333}


@pytest.mark.parametrize(
    ("key", "value", "used"),
    [
        ("ve.lam", "abc", "25 is used"),
        ("ve.lam", "51", "25 is used"),
        ("ddpm.steps", "0", "500 is used"),
        ("ddpm.steps", "12.5", "12 is used"),
        ("ddpm.beta", "0.00011", "0.0001 is used"),
        ("ddpm.pick", "3", "2 is used"),
        ("proc", "nope", "ve is used"),
        ("trails", "true", "0 is used"),
        ("seed", "-1", "0 is used"),
        ("seed", "inf", "0 is used"),
    ],
)
def test_an_unusable_parameter_is_said_in_plain_text(key: str, value: str, used: str):
    query = {key: value}
    if key.startswith("ddpm."):
        query["proc"] = "ddpm"
    at = opened(query)
    shown(at)
    assert [text.value for text in at.text if text.value.startswith(f"{key}={value} ")]
    assert used in at.text[0].value


def test_a_note_goes_once_its_control_is_moved():
    at = opened({"ve.lam": "abc"})
    assert len(at.text) == 1
    at.run()
    assert len(at.text) == 1
    at.slider(key="ve.lam").set_value(30.0).run()
    assert len(at.text) == 0


def test_a_long_text_is_cut_and_unprintable_characters_are_marked():
    at = opened({"proc": "x\x00" * 500})
    assert len(at.text[0].value) < 200
    assert "\x00" not in at.text[0].value


def test_choosing_and_coming_back_keeps_the_numbers_of_each_entry():
    at = opened()
    at.slider(key="ve.lam").set_value(30.0).run()
    at.selectbox(key="_proc").select("DDPM").run()
    assert shown(at)["name"] == "ddpm"
    assert at.query_params["proc"] == "ddpm"
    at.selectbox(key="_proc").select("Exploding, g = λᵗ").run()
    assert shown(at) == {"name": "ve", "lam": 30.0}


def test_a_preset_sets_what_it_names_and_resets_the_rest():
    at = opened({"ve.lam": "30", "seed": "7"})
    at.button(key="_preset_Long chain").click().run()
    assert shown(at)["steps"] == 900
    assert at.number_input(key="_seed").value == 0
    assert dict(at.query_params) == {"proc": "ddpm", "ddpm.steps": "900"}


def test_reset_restores_every_default_and_empties_the_link():
    at = opened({"ve.lam": "30", "trails": "1", "dim": "2", "seed": "7"})
    at.button(key="_reset").click().run()
    assert shown(at) == {"name": "ve", "lam": 25.0}
    assert dict(at.query_params) == {}


@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_every_kind_of_control_bears_every_unusable_value(value: Any):
    kinds = {"ve.lam": 25.0, "proc": "ve", "trails": "0", "dim": "1", "seed": "0"}
    at = opened(dict.fromkeys(kinds, value))
    assert shown(at) == {"name": "ve", "lam": 25.0}
    for key in kinds:
        assert any(text.value.startswith(f"{key}=") for text in at.text), f"no note on {key}"
