"""Training on pictures goes on exactly where it was left, alone or shared, killed or not."""

import math
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Generator

from explorer.data.images import Pictures, resized
from explorer.training.files import DamagedFile, read_tensors, write_atomically
from explorer.training.image_batches import SIGMA_DATA
from explorer.training.image_report import begin_from, export
from explorer.training.image_run import (
    STATE,
    Diverged,
    resume,
    save,
    smoothed,
    start,
    train,
)
from explorer.training.image_spec import RECIPES, ImageSpec
from explorer.training.images import main

ROOT = Path(__file__).resolve().parent.parent
CPU = torch.device("cpu")


def blots(n: int = 100) -> Pictures:
    """Made-up pictures with something to learn: smooth, and no two alike."""
    rng = Generator().manual_seed(0)
    coarse = torch.randint(0, 256, (n, 4, 4), generator=rng, dtype=torch.uint8)
    return Pictures(resized(coarse), torch.arange(n) % 10)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return blots()


def small(network: str, steps: int = 6, **changes) -> ImageSpec:
    recipe = replace(RECIPES[network], steps=steps, batch=8, **changes)
    return ImageSpec("digits", network, recipe, seed=5)


def weights(run) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in run.network.state_dict().items()}


@pytest.mark.parametrize("network", ["tiny", "unet-classes", "residual"])
def test_going_on_is_the_same_as_never_having_stopped(pictures, tmp_path, network):
    spec = small(network, warmup=2, decay=0.5)
    whole = start(spec, CPU)
    losses = list(train(whole, pictures))
    half = start(spec, CPU)
    for _ in train(half, pictures):
        if half.step == 3:
            break
    half.seconds = 1.5
    save(half, tmp_path)
    rest = resume(tmp_path, CPU)
    assert (rest.step, rest.seconds, rest.spec) == (3, 1.5, spec)
    assert losses[:3] == half.losses
    assert list(train(rest, pictures)) == losses[3:]
    for name, value in weights(whole).items():
        assert torch.equal(rest.network.state_dict()[name], value), name
    for name, value in whole.average.items():
        assert torch.equal(rest.average[name], value), name


def test_more_steps_extend_a_finished_run(pictures, tmp_path):
    run = start(small("tiny", steps=4), CPU)
    first = list(train(run, pictures))
    save(run, tmp_path)
    longer = resume(tmp_path, CPU, steps=6)
    more = list(train(longer, pictures))
    assert len(more) == 2
    assert list(train(start(small("tiny", steps=6), CPU), pictures)) == first + more


def test_it_learns(pictures):
    run = start(small("tiny", steps=150, rate=3e-3), CPU)
    losses = list(train(run, pictures))
    assert sum(losses[-20:]) < 0.6 * sum(losses[:20])


def test_bfloat16_on_a_cpu_learns_as_32_bits_do(pictures):
    exact = list(train(start(small("tiny", steps=6), CPU), pictures))
    rough = list(train(start(small("tiny", steps=6), CPU), pictures, bf16=True))
    assert rough != exact  # the products were of other numbers
    assert rough == pytest.approx(exact, rel=0.01)


def test_bfloat16_goes_on_where_it_was_to_the_bit(pictures, tmp_path):
    whole = list(train(start(small("tiny", steps=6), CPU), pictures, bf16=True))
    half = start(small("tiny", steps=3), CPU)
    list(train(half, pictures, bf16=True))
    save(half, tmp_path)
    rest = resume(tmp_path, CPU, steps=6)
    assert list(train(rest, pictures, bf16=True)) == whole[3:]


def test_the_average_follows_the_weights_as_defined(pictures):
    run = start(small("residual", steps=3, ema_half_life=20.0), CPU)
    name = next(name for name, p in run.network.named_parameters() if p.abs().max() > 0)
    mine = run.average[name].clone()
    for _ in train(run, pictures):
        past = run.step * 8  # pictures seen; the half-life is a twentieth of them, at most 20
        mine.lerp_(run.network.state_dict()[name], 1 - 0.5 ** (8 / min(20.0, past / 20)))
    torch.testing.assert_close(run.average[name], mine)
    assert torch.equal(run.weights()[name], run.average[name])


def test_divergence_is_told_before_it_reaches_the_weights(pictures):
    run = start(small("tiny"), CPU)
    steps = train(run, pictures)
    next(steps)
    with torch.no_grad():
        next(run.network.parameters()).mul_(math.inf)
    with pytest.raises(Diverged, match=r"the loss of step 2 is (nan|inf); lower the rate"):
        next(steps)
    assert run.step == 1


def test_a_damaged_or_foreign_state_is_told(pictures, tmp_path):
    run = start(small("tiny", steps=1), CPU)
    list(train(run, pictures))
    save(run, tmp_path)
    data = (tmp_path / STATE).read_bytes()
    write_atomically(tmp_path / STATE, data[:-100])
    with pytest.raises(DamagedFile, match="cut short"):
        resume(tmp_path, CPU)
    write_atomically(tmp_path / STATE, data.replace(b'\\"tiny\\"', b'\\"unet\\"'))
    with pytest.raises(DamagedFile):
        resume(tmp_path, CPU)
    write_atomically(tmp_path / STATE, data)
    with pytest.raises(ValueError, match="trains digits, not mnist; choose another --out"):
        main(["--out", str(tmp_path), "--dataset", "mnist", "--device", "cpu"])
    with pytest.raises(ValueError, match="begin one with --dataset and --network"):
        main(["--out", str(tmp_path / "new"), "--device", "cpu"])


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


HASTE = """
import sys
from explorer.training import images
from tests.test_image_training import blots
images.SAVE_EVERY = 0.05
images.load = lambda *where: blots()
images.main(sys.argv[1:])
"""


def test_a_killed_run_goes_on_from_its_last_save(pictures, tmp_path):
    """SIGKILL while it saves twenty times a second: what is left is whole, and on the one path."""
    words = ["--dataset", "digits", "--network", "tiny", "--out", str(tmp_path), "--steps", "4000"]
    command = [sys.executable, "-c", HASTE, *words, "--device", "cpu"]
    victim = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    state, seen = tmp_path / STATE, set()
    while len(seen) < 4 and victim.poll() is None and time.monotonic() < deadline:
        if state.exists():
            seen.add(state.stat().st_mtime_ns)
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    left = resume(tmp_path, CPU)
    assert left.step > 0
    more = resume(tmp_path, CPU, steps=left.step + 3)
    list(train(more, pictures))
    spec = ImageSpec("digits", "tiny", replace(RECIPES["tiny"], steps=left.step + 3))
    assert more.losses == pytest.approx(list(train(start(spec, CPU), pictures)), rel=1e-5)


SHARED = """
import os, sys, torch
from pathlib import Path
import torch.distributed as dist
from explorer.training.image_run import save, start, train
from tests.test_image_training import blots, small
torch.set_num_threads(1)
dist.init_process_group("gloo")
run = start(small("residual", steps=3), torch.device("cpu"))
losses = list(train(run, blots(), dist.get_rank(), dist.get_world_size()))
if dist.get_rank() == 0:
    save(run, Path(sys.argv[1]))
dist.destroy_process_group()
"""


def test_two_processes_train_as_one(pictures, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    together = environment() | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    command = [sys.executable, "-c", SHARED, str(tmp_path)]
    pair = [subprocess.Popen(command, env=together | {"RANK": rank}) for rank in "01"]
    alone = start(small("residual", steps=3), CPU)
    losses = list(train(alone, pictures))
    assert [process.wait(timeout=100) for process in pair] == [0, 0]
    both = resume(tmp_path, CPU)
    assert both.losses == pytest.approx(losses, rel=1e-4)
    for name, value in weights(alone).items():
        torch.testing.assert_close(both.network.state_dict()[name], value, rtol=1e-3, atol=2e-5)


def test_a_batch_that_cannot_be_shared_is_refused(pictures):
    with pytest.raises(ValueError, match="8 pictures cannot be shared evenly by 3 processes"):
        next(train(start(small("tiny"), CPU), pictures, 0, 3))


def test_the_smoothed_loss_is_the_running_mean():
    assert smoothed([2.0, 2.0, 2.0]) == pytest.approx([2, 2, 2])
    assert smoothed([1.0, 0.0], share=0.5) == pytest.approx([1, 1 / 3])


def test_a_state_holds_no_more_than_it_needs(pictures, tmp_path):
    run = start(small("residual", steps=1), CPU)
    list(train(run, pictures))
    save(run, tmp_path)
    tensors, _ = read_tensors(tmp_path / STATE, max_bytes=1 << 30)
    learned = len(list(run.network.parameters()))
    assert len(tensors) == learned * (1 + 1 + 3) + 1  # weights, average, Adam's three; losses
    assert run.network.sigma_data == SIGMA_DATA


def test_a_run_whose_state_is_lost_goes_on_from_its_checkpoint(pictures, tmp_path):
    run = start(small("residual", steps=40, warmup=4, decay=0.5), CPU)
    list(train(run, pictures))
    run.seconds = 7200.0
    export(run, tmp_path, pictures, "command", count=8)
    more = begin_from(tmp_path, CPU, steps=50)
    assert (more.step, more.steps, more.seconds, more.restarts) == (40, 50, 7200.0, [40])
    assert smoothed(more.losses)[-1] == pytest.approx(smoothed(run.losses)[-1], rel=1e-3)
    for name, value in run.weights().items():
        torch.testing.assert_close(more.network.state_dict()[name], value, rtol=1e-3, atol=1e-7)
    for name, value in more.average.items():
        assert torch.equal(more.network.state_dict()[name], value), name
    assert more.rate() == more.spec.recipe.rate_at(40) / 4  # rising anew
    before = sum(run.losses[-10:])
    after = list(train(more, pictures))
    assert len(after) == 10
    assert sum(after) < 1.5 * before
    save(more, tmp_path)
    assert resume(tmp_path, CPU).restarts == [40]
    export(more, tmp_path / "second", pictures, "command", count=8)
    assert begin_from(tmp_path / "second", CPU).restarts == [40, 50]


def test_a_checkpoint_that_does_not_tell_its_steps_is_no_beginning(pictures, tmp_path):
    run = start(small("tiny", steps=2), CPU)
    list(train(run, pictures))
    export(run, tmp_path, pictures, "command", count=8)
    (tmp_path / "loss.csv").write_text("step,loss,smoothed\n9,1,1\n")
    with pytest.raises(DamagedFile, match="does not tell how far"):
        begin_from(tmp_path, CPU)
    (tmp_path / "loss.csv").unlink()
    with pytest.raises(DamagedFile, match="does not tell how far"):
        begin_from(tmp_path, CPU)


def test_a_checkpoint_of_another_network_is_no_beginning(pictures, tmp_path):
    run = start(small("tiny", steps=2), CPU)
    list(train(run, pictures))
    export(run, tmp_path, pictures, "command", count=8)
    wrong = ["--begin", str(tmp_path), "--out", str(tmp_path / "run"), "--network", "unet"]
    with pytest.raises(ValueError, match="trains tiny, not unet"):
        main(["--device", "cpu", *wrong])
