"""The script of the page "Seed space"."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import latent, learned
from explorer.code.recipes.latent import LatentFiles
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.seeds import chance, disagreement, seed_mesh
from explorer.diffusion.trajectory import simulate
from explorer.registry import Values
from explorer.training.model import Model


class Way(Protocol):
    """A sampler by name, with its numbers."""

    @property
    def sampler(self) -> str: ...
    @property
    def values(self) -> Values: ...


BODY = f"""{latent.IMPORTS}
from explorer.diffusion.seeds import chance, disagreement, seed_mesh
{latent.LOAD}
width = float(process.sigma(torch.tensor(process.t_max, dtype=torch.float64)))


def ends(step, start):
    # the class that each seed (B, 2) ends in
    rng = Generator().manual_seed(seed)
    with torch.inference_mode():
        run = simulate(process, score, step, start * width, process.grid(steps), rng)
        return vae.decode(run.xs[-1].float()).argmax(dim=1)


for label, step in ways.items():
    plane = ends(step, seed_mesh(100, 3.0)).reshape(100, 100)
    print(f"{{label}}: apart={{disagreement(plane):.1%}} chance={{chance(plane):.0%}}")
    from_one = torch.bincount(ends(step, torch.tensor([chosen]).expand(200, 2)), minlength=4)
    print("  200 runs from the chosen seed:", *from_one.tolist())
"""


def seeds_script(
    files: LatentFiles,
    still: Way,
    noisy: Way,
    exact: bool,
    chosen: tuple[float, float],
    steps: int,
    seed: int,
) -> str:
    """Both maps of the page as numbers, and the classes that runs from the chosen seed end in."""
    ways = {"without noise": still, "with noise": noisy}
    settings = {
        "spec": files.model.spec,
        "weights": files.model.file,
        "vae_weights": files.vae_file,
        "ways": {label: made.made(SAMPLERS[w.sampler], w.values) for label, w in ways.items()},
        "exact": exact,
        "chosen": chosen,
        "steps": steps,
        "seed": seed,
    }
    doc = "Which class does each seed of a latent diffusion end in?"
    return made.script(doc, BODY, settings, keep=learned.kept(files.model.spec))


def recipe(
    files: LatentFiles,
    still: Way,
    noisy: Way,
    exact: bool,
    chosen: tuple[float, float],
    steps: int,
    seed: int,
) -> Recipe:
    """`seeds_script` with what it needs."""
    entries = [SAMPLERS[way.sampler] for way in (still, noisy)]
    return Recipe(
        "seed_space",
        tuple(entry.latex for entry in entries),
        (seed_mesh, disagreement, chance, *(e.make for e in entries), simulate, Model.score),
        partial(seeds_script, files, still, noisy, exact, chosen, steps, seed),
        files.files(),
    )
