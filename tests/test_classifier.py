"""Classifiers learn, go on where they were killed, and their files are believed only if checked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from explorer.data.images import Pictures, load, to_bytes
from explorer.training.classifier import main
from explorer.training.classifier_files import SPEC, WEIGHTS, load_classifier, reader_of
from explorer.training.classifier_run import (
    SPECS,
    ClassifierSpec,
    accuracy,
    from_json,
    moved,
    read,
    resume,
    save,
    seen,
    start,
    to_json,
    train,
)
from explorer.training.files import DamagedFile
from explorer.training.image_folder import ROOT, checkpoints

CPU = torch.device("cpu")
TINY = ClassifierSpec("digits", (4, 8, 8), steps=12, batch=16)


def digits(split: str = "train") -> Pictures:
    return load("digits", Path(), split)


def test_the_rate_rises_to_its_peak_and_falls_to_nothing():
    spec = replace(TINY, steps=100, rate=0.2)
    rates = [spec.rate_at(step) for step in range(100)]
    assert max(rates) == rates[24] == pytest.approx(0.2)
    assert rates[0] == pytest.approx(0.2 / 25)
    assert rates[-1] == 0
    assert rates[61] == pytest.approx(0.2 * 0.38 / 0.75)


def test_pictures_are_moved_by_what_is_said():
    x = torch.arange(2 * 3 * 32 * 32).reshape(2, 3, 32, 32).float()
    still, both = torch.tensor([2, 2]), torch.tensor([0, 4])
    assert torch.equal(moved(x, still, still, 2), x)
    got = moved(x, both, still, 2)
    assert torch.equal(got[0, :, 2:], x[0, :, :-2])  # a margin of two above, mirrored
    assert torch.equal(got[0, :, :2], x[0, :, [2, 1]])
    assert torch.equal(got[1, :, :-2], x[1, :, 2:])


def test_only_sets_whose_mirror_images_are_as_likely_are_mirrored():
    data = Pictures(to_bytes(torch.linspace(-1, 1, 32).expand(1, 3, 32, 32)), torch.zeros(1).long())
    for name, mirrored in (("cifar10", True), ("digits", False)):
        x, _ = seen(replace(TINY, dataset=name, batch=1, shift=0), data, 0)
        many = [seen(replace(TINY, dataset=name, batch=1, shift=0), data, k)[0] for k in range(20)]
        assert any(not torch.equal(x, other) for other in many) is mirrored


def test_photographs_are_read_both_ways_and_digits_as_they_are():
    network = torch.nn.Flatten()  # its logits are the pixels
    left = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    left[..., 0, 3], left[..., 0, -6] = 200, 220  # a mirror image has them at 28 and 5
    left[..., 0, 9], left[..., 0, -10] = 190, 190  # and these at each other's places
    for name, wanted in (("digits", 26), ("cifar10", 9)):
        assert read(network, replace(TINY, dataset=name), left, CPU).tolist() == [wanted]


def test_a_killed_run_goes_on_exactly(tmp_path):
    data = digits()
    whole = start(TINY, CPU)
    losses = list(train(whole, data))
    half = start(TINY, CPU)
    steps = train(half, data)
    for _ in range(5):
        next(steps)
    save(half, tmp_path)
    gone_on = resume(tmp_path, CPU)
    assert list(train(gone_on, data)) == losses[5:]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, gone_on.network.state_dict()[name]), name
    assert resume(tmp_path, CPU, steps=7).spec.steps == 7


def test_it_learns_digits_and_the_command_exports_what_can_be_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(SPECS, "digits", ClassifierSpec("digits", (8, 16, 24), 120, batch=32))
    out, made = tmp_path / "run", tmp_path / "digits-classifier"
    main(["--dataset", "digits", "--out", str(out), "--device", "cpu", "--export", str(made)])
    reader = load_classifier(made, CPU)
    held_out = digits("test")
    # ten classes at chance have 0.1; the last fifth are other writers' digits
    share = float(
        (read(reader.network, reader.spec, held_out.pixels, CPU) == held_out.labels).double().mean()
    )
    assert share == pytest.approx(reader.accuracy, abs=0.01)  # the file has halves
    assert share > 0.8
    assert accuracy(resume(out, CPU), held_out) == pytest.approx(reader.accuracy, abs=1e-4)
    assert "of the test set read right" in capsys.readouterr().out
    with pytest.raises(ValueError, match="choose another --out"):
        main(["--dataset", "mnist", "--out", str(out)])
    monkeypatch.setenv("EXPLORER_CHECKPOINTS", str(tmp_path))
    found = reader_of("digits", CPU)
    assert found is not None
    assert found.spec == reader.spec
    assert reader_of("mnist", CPU) is None
    for damage, says in (
        (lambda value: value["spec"].update(dataset="letters"), "letters"),
        (lambda value: value["spec"].update(widths=[4, 8, 12]), "not of this network"),
        (lambda value: value.pop("figures"), "lacks the spec or the accuracy"),
    ):
        value = json.loads((made / SPEC).read_text())
        damage(value)
        other = tmp_path / "other"
        other.mkdir(exist_ok=True)
        (other / SPEC).write_text(json.dumps(value))
        (other / WEIGHTS).write_bytes((made / WEIGHTS).read_bytes())
        with pytest.raises(DamagedFile, match=says):
            load_classifier(other, CPU)


def test_specs_survive_json_and_unusable_ones_are_refused():
    for spec in SPECS.values():
        assert from_json(json.loads(json.dumps(to_json(spec)))) == spec
    for change in ({"format": 7}, {"widths": [1, 2]}, {"steps": 0}, {"rate": "x"}, {"widths": 3}):
        with pytest.raises(DamagedFile):
            from_json(to_json(TINY) | change)
    with pytest.raises(DamagedFile):
        from_json([])


def test_the_committed_classifiers_read_as_promised_and_are_no_networks_to_draw_with():
    drawing, wrong = checkpoints(ROOT)
    assert not wrong
    for name, least in (("mnist", 0.99), ("cifar10", 0.85)):
        assert f"{name}-classifier" not in drawing
        if (ROOT / f"{name}-classifier").exists():
            reader = load_classifier(ROOT / f"{name}-classifier", CPU)
            assert reader.spec == replace(SPECS[name], steps=reader.spec.steps)
            assert reader.accuracy >= least
