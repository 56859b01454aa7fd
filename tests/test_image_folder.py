"""Checkpoints as they lie in a folder: the usable ones, and what is wrong with the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.training.files import DamagedFile
from explorer.training.image_extras import errors
from explorer.training.image_folder import checkpoints, losses, root, table
from explorer.training.image_spec import RECIPES, ImageSpec, to_json


def put(folder: Path, name: str, **figures) -> Path:
    place = folder / name
    place.mkdir()
    spec = to_json(ImageSpec("digits", "tiny", RECIPES["tiny"]))
    (place / "spec.json").write_text(json.dumps({"spec": spec, "figures": figures}))
    return place


def test_whatever_holds_an_image_spec_is_found(tmp_path: Path):
    put(tmp_path, "one", steps=7)
    put(tmp_path, "two", steps="seven")
    (tmp_path / "2d").mkdir()
    found, wrong = checkpoints(tmp_path)
    assert list(found) == ["one", "two"]
    assert wrong == {}
    assert found["one"].figure("steps") == 7
    assert found["two"].figure("steps") is None
    assert found["one"].figure("hours") is None


def test_the_checkpoints_that_come_with_the_program_are_found_with_their_errors():
    found, wrong = checkpoints(root())
    assert {"mnist-tiny", "mnist-unet", "mnist-residual"} <= set(found)
    assert wrong == {}
    for name in ("mnist-tiny", "mnist-unet", "mnist-residual"):
        curve = losses(found[name])["step"]
        stride = curve[1] - curve[0]
        assert 0 <= found[name].figure("steps") - curve[-1] < stride
        by_time = errors(found[name])
        assert by_time["t"][-1] == 1
        assert 0 < by_time["eps_error"][-1] < by_time["eps_error"][0]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "{}", '{"spec": 3}', '{"spec": {"format": 99}}', "[" * 5000, "NaN"],
)
def test_a_damaged_spec_is_told_and_hides_no_other(text, tmp_path: Path):
    put(tmp_path, "good")
    (put(tmp_path, "bad") / "spec.json").write_text(text)
    found, wrong = checkpoints(tmp_path)
    assert list(found) == ["good"]
    assert list(wrong) == ["bad"]


def test_names_and_links_that_lead_elsewhere_are_refused(tmp_path: Path):
    root_folder = tmp_path / "checkpoints"
    root_folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("x")
    put(root_folder, "<b>bold")
    (put(root_folder, "linked") / "weights.safetensors").symlink_to(secret)
    put(tmp_path, "outside")
    (root_folder / "away").symlink_to(tmp_path / "outside")
    found, wrong = checkpoints(root_folder)
    assert found == {}
    assert set(wrong) == {"<b>bold", "linked", "away"}
    assert "leads out" in wrong["linked"]
    assert "leads out" in wrong["away"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "step,loss\n1\n",
        "step,loss\n1,2\n3\n",
        "step,loss\n1,x\n",
        "step,loss\n1,nan\n",
        "step,loss\n1,inf\n",
    ],
)
def test_a_table_is_numbers_below_its_head_or_refused(text, tmp_path: Path):
    path = tmp_path / "loss.csv"
    path.write_text(text)
    with pytest.raises(DamagedFile, match=r"loss\.csv"):
        table(path, ("step", "loss"))
    path.write_bytes(b"\xff\xfe" * 9)
    with pytest.raises(DamagedFile):
        table(path, ("step", "loss"))


def test_a_table_may_be_missing_too_large_or_right(tmp_path: Path):
    path = tmp_path / "loss.csv"
    with pytest.raises(DamagedFile, match="missing"):
        table(path, ("step",))
    path.write_bytes(b"step\n" + b"1\n" * (1 << 20))
    with pytest.raises(DamagedFile, match="more than"):
        table(path, ("step",))
    path.write_text("step,loss\n1,0.5\n2,0.25\n")
    assert table(path, ("step", "loss")) == {"step": [1, 2], "loss": [0.5, 0.25]}
