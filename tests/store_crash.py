"""Run as a program: forks writers to a store and kills them at random moments.

Usage: store_crash.py ROOT KILLS SEED. Every writer notes in ROOT/../acknowledged what it was told
is saved; it ends after KILLS kills and as many saved runs, however slow the machine. It forks
because importing torch anew for each kill would take a second, and leaves out fsync, which a power
cut needs and a kill does not, to have many more moments to be killed at.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from explorer.training.runs import Run
from explorer.training.store import Store


def write_for_ever(store: Store, writer: int, notes: int) -> None:
    step = 0
    while True:
        step += 1
        weights = {"w": torch.full((20_000,), float(step))}
        store.autosaves.autosave(f"job{writer:04}", weights, {"step": step})
        os.write(notes, f"autosave {writer} {step}\n".encode())
        card = store.save(Run(f"{writer}-{step}", {"step": step}, weights), "shelf1")
        os.write(notes, f"saved {card.id} {step}\n".encode())
        if step % 5 == 0:
            store.rename(card.id, "shelf1", f"{writer}-{step} renamed")
            os.write(notes, f"renamed {card.id} {step}\n".encode())
        if step % 3 == 0:
            os.write(notes, f"deleting {card.id} {step}\n".encode())
            store.delete(card.id, "shelf1")


def main(root: Path, kills: int, seed: int) -> None:
    os.fsync = lambda descriptor: None
    store = Store(root, max_runs=10**6)
    acknowledged = root.parent / "acknowledged"
    notes = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    rng = random.Random(seed)
    writer = 0
    while writer < kills or acknowledged.read_text().count("\nsaved ") < kills:
        writer += 1
        child = os.fork()
        if child == 0:
            write_for_ever(store, writer, notes)
        time.sleep(rng.uniform(0.005, 0.1))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the writer ended before it was killed"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
