"""The script of the page "Noise schedules"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.data.spec import DistributionSpec
from explorer.diffusion.doctor import diagnose, repair
from explorer.diffusion.spec import ProcessSpec

BODY = """
import torch

from explorer.diffusion.doctor import diagnose, repair

for name, process in processes.items():
    print(name)
    for u in (0.01, 0.25, 0.5, 0.75, 1.0):
        t = torch.tensor(u * process.t_max, dtype=torch.float64)
        alpha, sigma = float(process.alpha(t)), float(process.sigma(t))
        ratio = (alpha / sigma) ** 2
        print(f"  t={float(t):.4f} alpha={alpha:.5g} sigma={sigma:.5g} signal_to_noise={ratio:.5g}")

first = next(iter(processes.values()))
diagnosis = diagnose(first, distribution)
print(f"signal_left={diagnosis.alpha_bar:.2f} noise={diagnosis.noise:.2f}", end=" ")
print(f"mean_left={diagnosis.mean_left:.2f} told_apart={diagnosis.told_apart:.1%}", end=" ")
print(f"verdict={diagnosis.verdict}")
if diagnosis.verdict != "healthy":
    print("repair:", repair(name_of_first, values_of_first, distribution))
"""


def schedules_script(processes: Sequence[ProcessSpec], distribution: DistributionSpec) -> str:
    """The schedules in numbers, and what the doctor says of the first."""
    first = processes[0]
    texts = {f"{i + 1}. {spec.name}": made.process(spec) for i, spec in enumerate(processes)}
    settings = {
        "distribution": made.distribution(distribution),
        "processes": texts,
        "name_of_first": first.name,
        "values_of_first": dict(first.values),
    }
    return made.script(
        "Noise schedules side by side, and whether the first reaches its noise.",
        BODY,
        settings,
        keep={"PROCESSES": {first.name}},
    )


DOCTOR = (
    r"\mathrm{TV}(p_1,\mathcal N(0,\sigma_1^2I))\le\sqrt{\tfrac12\mathrm{KL}},\qquad "
    r"\mathrm{KL}=\mathbb E_{p_1}[r-1-\log r],\quad "
    r"r=\mathcal N(x;0,\sigma_1^2I)/p_1(x)"
)


def recipe(processes: Sequence[ProcessSpec], distribution: DistributionSpec) -> Recipe:
    built = [spec.build() for spec in processes]
    return Recipe(
        "noise_schedules",
        (*(process.latex for process in built), DOCTOR),
        (diagnose, repair, *dict.fromkeys(type(process) for process in built)),
        partial(schedules_script, tuple(processes), distribution),
    )
