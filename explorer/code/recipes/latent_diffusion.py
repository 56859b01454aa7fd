"""The script of the page "Latent diffusion"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import latent, learned
from explorer.code.recipes.latent import LatentFiles
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import simulate
from explorer.networks.vae import VAE, cross_entropy, divergence
from explorer.training.model import Model

BODY = f"""{latent.IMPORTS}{latent.LOAD}
start = process.prior((particles, 2), Generator().manual_seed(seed))
for label, step in lanes.items():
    rng = Generator().manual_seed(seed + 1)
    with torch.inference_mode():
        run = simulate(process, score, step, start, process.grid(steps), rng)
        decoded = vae.decode(run.xs[-1].float())
    winner, which = decoded.max(dim=1)
    found = torch.bincount(which, minlength=4) / particles
    shares = " ".join(f"{{share:.1%}}" for share in found.tolist())
    print(f"{{label}}: clear={{float((winner > CLEAR).float().mean()):.1%}} classes {{shares}}")
    for vector in decoded[:8].tolist():
        print("  " + " ".join(f"{{part:.2f}}" for part in vector))
"""


def latent_script(
    files: LatentFiles,
    lanes: Mapping[str, str],
    exact: bool,
    steps: int,
    particles: int,
    seed: int,
) -> str:
    """The lanes, sampler → label, from one noise, and what their samples decode to."""
    settings = {
        "spec": files.model.spec,
        "weights": files.model.file,
        "vae_weights": files.vae_file,
        "lanes": {label: made.made(SAMPLERS[name], ()) for name, label in lanes.items()},
        "exact": exact,
        "steps": steps,
        "particles": particles,
        "seed": seed,
    }
    doc = "Diffusion in the latent plane of a VAE of one-hot vectors."
    return made.script(doc, BODY, settings, keep=learned.kept(files.model.spec))


LOSS = (
    r"-\mathbb E_{q(z\mid x)}\log p(x\mid z)+\tfrac12\sum_i"
    r"\left(\mu_i^2+\sigma_i^2-1-\log\sigma_i^2\right)"
)


def recipe(
    files: LatentFiles,
    lanes: Mapping[str, str],
    exact: bool,
    steps: int,
    particles: int,
    seed: int,
) -> Recipe:
    """`latent_script` with what it needs."""
    entries = [SAMPLERS[name] for name in lanes]
    return Recipe(
        "latent_diffusion",
        (LOSS, *(entry.latex for entry in entries)),
        (VAE, divergence, cross_entropy, *(e.make for e in entries), simulate, Model.score),
        partial(latent_script, files, dict(lanes), exact, steps, particles, seed),
        files.files(),
    )
