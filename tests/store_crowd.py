"""Run as a program: several writers at once on one store, each a process of its own.

Usage: store_crowd.py ROOT WRITERS. Prints what went wrong; nothing if all is well. It forks because
importing torch anew for each writer would take a second.
"""

import os
import random
import sys
from pathlib import Path

import torch

from explorer.training.folders import Missing
from explorer.training.leases import Taken
from explorer.training.runs import Run
from explorer.training.store import Store


def writes(root: Path, seed: int) -> str:
    """Save, rename, delete and autosave on one shelf with others who do; what went wrong."""
    store, rng = Store(root, max_runs=10**6), random.Random(seed)
    weights = {"w": torch.full((5_000,), float(seed))}
    for step in range(60):
        listed, job = store.list_runs("shelf1"), f"job{rng.randint(0, 3)}"
        try:
            match rng.choice(("save", "save", "rename", "delete", "autosave", "autosave", "load")):
                case "save":
                    store.save(Run(f"{seed}-{step}", {"step": step}, weights), "shelf1")
                case "rename" if listed:
                    store.rename(rng.choice(listed).id, "shelf1", f"by {seed}")
                case "delete" if len(listed) > 3:
                    store.delete(rng.choice(listed).id, "shelf1")
                case "autosave":
                    hold = store.autosaves.hold(job)
                    hold.take()
                    store.autosaves.autosave(job, weights, {"by": seed})
                    tensors, meta = store.autosaves.load(job)
                    if meta != {"by": seed} or tensors["w"][0] != seed:
                        return f"{seed} held {job} and found {meta}"
                    if rng.random() < 0.3:
                        store.autosaves.discard(job)
                    hold.release()
                case "load" if listed:
                    found = store.load(rng.choice(listed).id)
                    if len(set(found.weights["w"].tolist())) != 1:
                        return "a run of two writers"
        except (Missing, Taken):
            continue  # another was faster
        except (OSError, ValueError) as problem:
            return f"{seed} at {step}: {type(problem).__name__}: {problem}"
    return ""


def main(root: Path, writers: int) -> None:
    os.fsync = lambda descriptor: None  # nothing loses its power here
    children = []
    for seed in range(writers):
        if (child := os.fork()) == 0:
            print(writes(root, seed), end="", flush=True)
            os._exit(0)
        children.append(child)
    for child in children:
        _, status = os.waitpid(child, 0)
        assert status == 0, f"a writer ended with {status}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
