"""Own data that are too long for a link, on disk; and own data in a training's spec."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace

import pytest

from explorer.code import script as made
from explorer.data.own import heart, skyline
from explorer.data.own_codec import encode_points
from explorer.data.spec import DistributionSpec
from explorer.training.files import DamagedFile
from explorer.training.folders import Missing
from explorer.training.own_files import OwnFiles
from explorer.training.presets import DEFAULT
from explorer.training.spec import from_json, to_json


def test_a_file_comes_back_by_its_name_alone(tmp_path):
    files = OwnFiles(tmp_path / "own")
    name = files.put(heart())
    assert files.put(heart()) == name != files.put(skyline())
    assert files.get(name) == heart()
    (tmp_path / "own" / f"{name}.txt").write_text(skyline())
    with pytest.raises(DamagedFile):
        files.get(name)
    with pytest.raises(Missing, match="not on this server"):
        files.get("0" * 20)
    for wrong in ("../../etc/passwd", name.upper(), name[:-1], ""):
        with pytest.raises(ValueError, match="no name of own data"):
            files.get(wrong)
    with pytest.raises(ValueError, match="own data"):
        files.put("no data")


def test_what_nobody_asked_for_the_longest_goes_first(tmp_path):
    files = OwnFiles(tmp_path, most=2)
    names = [files.put(encode_points([[0.0], [1.0 + k]])) for k in range(2)]
    for age, name in ((100, names[0]), (200, names[1])):
        os.utime(tmp_path / f"{name}.txt", (age, age))
    files.get(names[0])  # asked for: now the younger
    third = files.put(heart())
    assert {path.stem for path in tmp_path.iterdir()} == {names[0], third}


def test_a_training_carries_its_data_through_json():
    spec = replace(DEFAULT, distribution=DistributionSpec("own-2d", (("width", 0.2),), own=heart()))
    again = from_json(json.loads(json.dumps(to_json(spec))))
    assert again == spec
    assert hash(again) == hash(spec)
    for name, own in (("own-1d", heart()), ("moons", heart()), ("own-2d", "1p"), ("own-2d", 3)):
        hostile = to_json(spec)
        hostile["distribution"] = {"name": name, "values": {}, "own": own}
        with pytest.raises(ValueError, match=r"own data|has no parameter"):
            from_json(hostile)


def test_a_script_writes_own_data_in_lines_that_can_be_read():
    text = made.distribution(DistributionSpec("own-2d", (("width", 0.3),), own=heart()))
    assert max(map(len, text.text.splitlines())) <= 100
    names = {"own_data": lambda text, width: (text, width)}
    assert eval(text.text, names) == (heart(), 0.3)


def test_data_can_be_had_from_a_folder_in_which_nothing_may_change(tmp_path, monkeypatch):
    files = OwnFiles(tmp_path)
    name = files.put(heart())

    def refused(*args, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refused)
    assert files.get(name) == heart()
    assert files.put(heart()) == name
