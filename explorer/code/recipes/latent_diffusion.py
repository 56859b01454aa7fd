"""The scripts of the page "Latent diffusion": sampling, and the training of both networks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import latent, learned
from explorer.code.recipes.latent import LatentFiles
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import simulate
from explorer.networks.vae import VAE, cross_entropy, divergence, reparametrised
from explorer.training.latents import LatentSpec
from explorer.training.model import Model
from explorer.training.train import train
from explorer.training.vae import latents, train_vae

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


TRAINING = """
import torch
from torch import Generator

from explorer.diffusion.steps import ancestral
from explorer.diffusion.trajectory import sample
from explorer.networks.vae import CLEAR
from explorer.training.latents import train_latent

torch.set_num_threads(1)  # faster than many for small networks, and the app's digits
for state in train_latent(spec, "cpu"):
    pass
reconstruction, kl = state.vae.loss
print(f"VAE after {state.vae.step} steps: reconstruction={reconstruction:.3f} kl={kl:.3f} nats")
vae, model = state.vae.vae(), state.diffusion.model()
means, _ = vae.encode(torch.eye(4))
for mean, decoded in zip(means.tolist(), vae.decode(means).tolist(), strict=True):
    print("  mean", *(f"{x:.2f}" for x in mean), "decodes to", *(f"{p:.2f}" for p in decoded))
start = model.process.prior((800, 2), Generator().manual_seed(2))
rng, grid = Generator().manual_seed(3), model.process.grid(50)
with torch.inference_mode():
    end = sample(model.process, model.score, ancestral("beta"), start, grid, rng)
    clear = float((vae.decode(end.float()).amax(dim=1) > CLEAR).float().mean())
print(f"diffusion after {state.diffusion.step} steps: loss={state.diffusion.loss:.3f}")
print(f"samples that decode clearly: clear={clear:.0%}")
"""


def training_script(spec: LatentSpec) -> str:
    """Both trainings from their first steps, and how what they learned decodes.

    On the CPU the same numbers as the page's, bit for bit.
    """
    doc = "Train a VAE of one-hot vectors, then a diffusion model of its latents."
    return made.script(doc, TRAINING, {"spec": spec}, keep=learned.kept(spec.diffusion))


def training_recipe(spec: LatentSpec) -> Recipe:
    """`training_script` with what it needs."""
    return Recipe(
        "train_latent_diffusion",
        (LOSS, spec.diffusion.process.build().latex),
        (VAE, divergence, cross_entropy, reparametrised, train_vae, latents, train),
        partial(training_script, spec),
    )
