"""What the doctor finds, where all is as it should be and where it is not."""

from __future__ import annotations

import errno
import os
import platform
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from explorer import doctor
from explorer.doctor import Finding


def levels(found) -> list[str]:
    return [finding.level for finding in found]


@pytest.mark.parametrize(
    ("version", "bounds", "kept"),
    [
        ("2.13.0+cpu", ">=2.6,<2.14", True),
        ("2.14", ">=2.6,<2.14", False),
        ("2.14.0", ">=2.6,<2.14", False),
        ("2.5.9", ">=2.6,<2.14", False),
        ("10.0", ">=9.1", True),
        ("1.67.0", "==1.67", True),
        ("1.67.1", "!=1.67", True),
        ("3.0", "", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version, bounds, kept):
    assert doctor.satisfies(version, bounds) is kept


def test_a_bound_that_is_not_understood_is_said():
    with pytest.raises(ValueError, match="are understood"):
        doctor.satisfies("1.2", "~=1.2")


def test_a_package_that_lacks_or_is_old_is_bad_and_says_how_to_mend(tmp_path: Path):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("numpy>=1\nnumpy>=900\nno-such-package-here>=1  # a remark\n\n# nothing\n")
    found = list(doctor.packages(wanted))
    assert levels(found) == ["good", "bad", "bad"]
    assert "numpy>=900" in found[1].what
    assert all("pip install -r requirements.txt" in finding.mend for finding in found[1:])


def test_folders_that_can_be_used(tmp_path: Path):
    found = list(doctor.folders({"EXPLORER_RUNS": str(tmp_path / "new" / "runs")}))
    assert "bad" not in levels(found)
    assert list(tmp_path.iterdir()) == []  # it only looks


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def read_only(descriptor: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "fsync", read_only)  # to root no folder is forbidden
    found = list(doctor.folders({"EXPLORER_RUNS": str(tmp_path / "runs")}))
    assert found[0].level == "bad"
    assert "Read-only file system" in found[0].what
    assert "EXPLORER_RUNS" in found[0].mend
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=1 << 20))
    found = list(doctor.folders({"EXPLORER_RUNS": str(tmp_path)}))
    assert (found[0].level, "make room" in found[0].mend) == ("note", True)


def test_settings_that_nothing_reads_or_that_cannot_be_are_told():
    wrong = {"EXPLORER_RUN": "x", "EXPLORER_LOG": "xml", "EXPLORER_CACHE_MB": "-3", "HOME": "/"}
    found = list(doctor.settings(wrong))
    assert levels(found) == ["bad", "bad", "bad", "good"]
    assert found[0].mend == "EXPLORER_RUNS may be meant"
    assert "choose one of json, text, off" in found[1].mend
    assert levels(doctor.settings({"EXPLORER_HELPERS": "two"})) == ["bad", "good"]
    assert list(doctor.settings({"EXPLORER_LOG": "", "HOME": "/"})) == [
        Finding("good", "set here: EXPLORER_LOG")
    ]
    assert list(doctor.settings({})) == []


def test_an_old_python_and_a_device_that_computes_wrongly_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(platform, "python_version", lambda: "3.10.2")
    assert levels(doctor.python()) == ["bad"]
    assert levels(doctor.devices()) == ["good", "good"]
    real = torch.ones
    monkeypatch.setattr(torch, "ones", lambda *size, device: 2 * real(*size))
    assert levels(doctor.devices())[0] == "bad"

    def fails(*size: int, device: torch.device) -> None:
        raise RuntimeError("CUDA error: unknown error")

    monkeypatch.setattr(torch, "ones", fails)
    (found,) = doctor.devices()
    assert (found.level, "CUDA_VISIBLE_DEVICES" in found.mend) == ("bad", True)


def test_a_network_for_pictures_that_cannot_be_used_is_named(tmp_path: Path):
    place = tmp_path / "mine"
    place.mkdir()
    (place / "spec.json").write_text('{"no": "spec"}')
    (place / "weights.safetensors").write_bytes(b"x")
    found = list(doctor.pictures({"EXPLORER_CHECKPOINTS": str(tmp_path)}))
    assert levels(found) == ["bad", "note"]
    assert found[0].what.startswith("mine: ")


def test_what_is_missing_of_the_optional_programs_is_only_noted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    assert levels(doctor.extras()) == ["note", "note"]


def test_a_file_in_the_place_of_a_folder(tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("")
    runs, data = doctor.folders({"EXPLORER_RUNS": str(file), "EXPLORER_DATA": str(file)})
    assert (runs.level, data.level) == ("bad", "bad")


def test_bundled_weights_are_read_whole(tmp_path: Path):
    source = doctor.ROOT / "checkpoints" / "2d" / "moons"
    shutil.copytree(source, tmp_path / "moons")
    place = {"EXPLORER_CHECKPOINTS": str(tmp_path)}
    assert levels(doctor.bundled(place)) == ["good"]
    weights = tmp_path / "moons" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    (found,) = doctor.bundled(place)
    assert found.level == "bad"
    assert "moons/weights.safetensors" in found.what
    assert levels(doctor.bundled({"EXPLORER_CHECKPOINTS": str(tmp_path / "none")})) == ["bad"]


def test_a_check_that_fails_is_a_finding_and_the_others_go_on():
    def broken():
        raise ImportError("no module named torch")
        yield

    found = doctor.examine([broken, doctor.python])
    assert levels(found) == ["bad", "good"]
    assert "no module named torch" in found[0].what
    assert "1 to be mended" in doctor.report(found)


def test_here_all_is_well(capsys):
    assert doctor.main([]) == 0
    assert "All is well." in capsys.readouterr().out


def test_the_way_out_stands_below_what_is_wrong():
    text = doctor.report([Finding("bad", "no disk", "buy one")])
    assert text.splitlines() == ["BAD   no disk", "      → buy one", "1 to be mended."]
