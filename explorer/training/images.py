"""Train a network on pictures from the command line, stop it at any time, and go on.

    python -m explorer.training.images --dataset mnist --network unet --data FOLDER --out RUN

The same command goes on where RUN was left. With --begin FOLDER a run whose state is lost goes on
from its checkpoint's weights. With --export FOLDER the run becomes a checkpoint; with --weak as
well, an early run becomes the network that guidance of one leads away from.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.distributed as dist

from explorer.data.images import PICTURE_SETS, load
from explorer.networks.unet import IMAGE_NETWORKS
from explorer.training.files import write_atomically
from explorer.training.image_report import (
    LOSSES,
    SAMPLES,
    WEAK,
    begin_from,
    export,
    loss_table,
    model_of,
    sample_grid,
    save_weights,
)
from explorer.training.image_run import STATE, Run, resume, save, smoothed, start, train
from explorer.training.image_spec import RECIPES, ImageSpec

SAVE_EVERY = 45.0
TELL_EVERY = 10.0
SAMPLE_EVERY = 1200.0
"""Seconds; sampling takes the practical's U-Net a minute, its chain being 400 steps long."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m explorer.training.images", description=__doc__)
    parser.add_argument("--dataset", choices=PICTURE_SETS, help="what to learn")
    parser.add_argument("--network", choices=IMAGE_NETWORKS, help="what learns it")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, help="steps in all, instead of the recipe's")
    parser.add_argument(
        "--begin", type=Path, help="where --out holds no run: the checkpoint whose weights go on"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each process")
    parser.add_argument("--device", help="cpu, cuda or mps; the best there is by default")
    parser.add_argument(
        "--bf16", action="store_true", help="multiply in bfloat16 on a CPU, too: faster with AMX"
    )
    parser.add_argument("--export", type=Path, help="write the run as a checkpoint to this folder")
    parser.add_argument(
        "--weak", action="store_true", help="with --export: only as what guidance leads away from"
    )
    return parser.parse_args(arguments)


def device_of(name: str | None, local_rank: int) -> torch.device:
    """The device called `name`, or the best there is; of several GPUs the process's own."""
    if name is not None:
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", local_rank)
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def opened(options: argparse.Namespace, device: torch.device) -> Run:
    """The run in --out, or a new one; ValueError where the two disagree on what is trained."""
    if (options.out / STATE).exists() or options.begin is not None:
        if (options.out / STATE).exists():
            where, flag = options.out, "--out"
            run = resume(options.out, device, options.steps)
        else:
            where, flag = options.begin, "--begin"
            run = begin_from(options.begin, device, options.steps)
        for name in ("dataset", "network"):
            asked, found = getattr(options, name), getattr(run.spec, name)
            if asked not in (None, found):
                raise ValueError(f"{where} trains {found}, not {asked}; choose another {flag}")
        return run
    if options.dataset is None or options.network is None:
        raise ValueError(f"{options.out} holds no run; begin one with --dataset and --network")
    spec = ImageSpec(options.dataset, options.network, RECIPES[options.network], options.seed)
    return start(spec if options.steps is None else spec.with_steps(options.steps), device)


def progress(run: Run, rate: float) -> str:
    """One line: how far, how good, how fast, and how long still."""
    left = (run.steps - run.step) * run.spec.recipe.batch / rate
    loss = smoothed(run.losses[-500:])[-1]
    return (
        f"{run.spec.name}  step {run.step:,} of {run.steps:,}  loss {loss:.4f}  "
        f"{rate:.0f} pictures/s  {left / 60:.0f} min left"
    )


def keep_training(run: Run, options: argparse.Namespace, rank: int, world: int) -> None:
    """Train to the end; the first process saves, tells, and samples as it goes."""
    data = load(run.spec.dataset, options.data)
    began = time.monotonic()
    before, first = run.seconds, run.step
    saved = told = sampled = began
    for _ in train(run, data, rank, world, bf16=options.bf16):
        now = time.monotonic()
        run.seconds = before + now - began
        if rank:
            continue
        if now - told > TELL_EVERY or run.step == run.steps:
            rate = (run.step - first) * run.spec.recipe.batch / (now - began)
            print(progress(run, rate), flush=True)
            told = now
        sampling = now - sampled > SAMPLE_EVERY or run.step == run.steps
        if sampling or now - saved > SAVE_EVERY:  # first of all, since sampling takes a while
            save(run, options.out)
            write_atomically(options.out / LOSSES, loss_table(run.losses))
            saved = now
        if sampling:
            write_atomically(options.out / SAMPLES, sample_grid(model_of(run), run.device))
            sampled = now


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    torch.set_num_threads(options.threads)
    device = device_of(options.device, int(os.environ.get("LOCAL_RANK", 0)))
    if world > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        run = opened(options, device)
        options.out.mkdir(parents=True, exist_ok=True)
        if options.export is None:
            keep_training(run, options, rank, world)
        elif rank == 0 and options.weak:
            save_weights(run, options.export / WEAK)
        elif rank == 0:
            held_out = load(run.spec.dataset, options.data, "test")
            export(run, options.export, held_out, command_of(run, options))
    finally:
        if world > 1:
            dist.destroy_process_group()


def command_of(run: Run, options: argparse.Namespace) -> str:
    """The command that trains such a run anew."""
    words = ["python", "-m", "explorer.training.images"]
    words += ["--dataset", run.spec.dataset, "--network", run.spec.network]
    words += ["--data", "data", "--out", f"runs/images/{run.spec.name}"]
    words += ["--steps", str(run.steps), "--seed", str(run.spec.seed)]
    return shlex.join(words)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, ArithmeticError) as error:
        sys.exit(f"error: {error}")
