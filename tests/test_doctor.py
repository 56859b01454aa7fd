"""What the doctor finds, where all is as it should be and where it is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

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


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written(tmp_path: Path):
    tmp_path.chmod(0o500)
    found = list(doctor.folders({"EXPLORER_RUNS": str(tmp_path / "runs")}))
    tmp_path.chmod(0o700)
    assert found[0].level == "bad"
    assert "EXPLORER_RUNS" in found[0].mend


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
