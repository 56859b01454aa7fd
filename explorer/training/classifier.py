"""Train a classifier of pictures from the command line, stop it at any time, and go on.

    python -m explorer.training.classifier --dataset mnist --data FOLDER --out RUN

The same command goes on where RUN was left. With --export FOLDER a finished run becomes a
checkpoint, whose accuracy on the test set is measured and written beside its weights.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from explorer.data.images import load
from explorer.training.classifier_files import export
from explorer.training.classifier_run import (
    SPECS,
    STATE,
    Run,
    accuracy,
    resume,
    save,
    start,
    train,
)
from explorer.training.image_run import smoothed
from explorer.training.images import device_of

SAVE_EVERY, TELL_EVERY = 30.0, 10.0
"""Seconds."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    name = "python -m explorer.training.classifier"
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("--dataset", choices=SPECS, required=True, help="what to learn")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, help="steps in all, instead of the usual ones")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", help="cpu, cuda or mps; the best there is by default")
    parser.add_argument("--export", type=Path, help="write the run as a checkpoint to this folder")
    return parser.parse_args(arguments)


def opened(options: argparse.Namespace, device: torch.device) -> Run:
    """The run in --out, or a new one; ValueError where the two disagree on what is learned."""
    if (options.out / STATE).exists():
        run = resume(options.out, device, options.steps)
        if run.spec.dataset != options.dataset:
            raise ValueError(
                f"{options.out} learns {run.spec.dataset}, not {options.dataset}; "
                "choose another --out"
            )
        return run
    spec = replace(SPECS[options.dataset], seed=options.seed)
    return start(spec if options.steps is None else replace(spec, steps=options.steps), device)


def keep_training(run: Run, options: argparse.Namespace) -> None:
    """Train to the end, saving and telling as it goes."""
    data = load(run.spec.dataset, options.data)
    began = saved = told = time.monotonic()
    before, first = run.seconds, run.step
    for _ in train(run, data):
        now = time.monotonic()
        run.seconds = before + now - began
        if now - told > TELL_EVERY or run.step == run.spec.steps:
            rate = (run.step - first) * run.spec.batch / (now - began)
            left = (run.spec.steps - run.step) * run.spec.batch / rate
            print(
                f"{run.spec.name}  step {run.step:,} of {run.spec.steps:,}  "
                f"loss {smoothed(run.losses[-500:])[-1]:.4f}  {rate:.0f} pictures/s  "
                f"{left / 60:.0f} min left",
                flush=True,
            )
            told = now
        if now - saved > SAVE_EVERY or run.step == run.spec.steps:
            save(run, options.out)
            saved = now


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    torch.set_num_threads(1)
    run = opened(options, device_of(options.device, 0))
    options.out.mkdir(parents=True, exist_ok=True)
    keep_training(run, options)
    share = accuracy(run, load(run.spec.dataset, options.data, "test"))
    print(f"{run.spec.name}: {share:.2%} of the test set read right after {run.seconds:.0f} s")
    if options.export is not None:
        export(run, options.export, share)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, ArithmeticError) as error:
        sys.exit(f"error: {error}")
