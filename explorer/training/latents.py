"""Latent diffusion: a VAE of one-hot vectors, and a diffusion model of its latents, as one thing.

`python -m explorer.training.latents` makes those that come with the product. Each lies in
`checkpoints/latents/NAME`: both networks' weights, both specs, and the curves of both losses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.networks.vae import VAE
from explorer.training.files import (
    DamagedFile,
    json_bytes,
    read_json,
    read_tensors,
    save_tensors,
    write_atomically,
)
from explorer.training.model import CENTRE, SCALE, Model
from explorer.training.presets import DEFAULT, SKIP
from explorer.training.pretrain import CURVE
from explorer.training.rescue import enduring
from explorer.training.spec import ModelSpec, from_json, to_json
from explorer.training.train import Resume, TrainState
from explorer.training.vae import (
    VAESpec,
    VAEState,
    latents,
    train_vae,
    vae_from_json,
    vae_of,
    vae_to_json,
)

FOLDER = Path(__file__).resolve().parents[2] / "checkpoints" / "latents"
WEIGHTS, VAE_WEIGHTS = "weights.safetensors", "vae.safetensors"
CURVE_NAME = "curve"
VAE_PART, MODEL_PART = "vae.", "model."
"""What comes before the names of each network's tensors where both lie in one file."""


@dataclass(frozen=True)
class LatentSpec:
    """How both are trained. `diffusion` has a distribution that the VAE's latents replace."""

    label: str
    vae: VAESpec
    diffusion: ModelSpec


DOCUMENT = LatentSpec("The document's network", VAESpec(14_529, 5, 1e-3, "constant", seed=1), SKIP)
"""The one-hot document's: 29 epochs of 501 batches of five, then its smallest of networks.

A VAE comes to rest in one of two arrangements. This seed finds the one with the lower loss, in
which two classes share the centre, as in the document's figures.
"""

OURS = LatentSpec(
    "Our network",
    VAESpec(seed=1),
    replace(DEFAULT, config=replace(DEFAULT.config, steps=4000, batch=1024)),
)
"""Ours: with small batches it stays where every network begins, at the score of N(0, I)."""

LATENTS: dict[str, LatentSpec] = {"document": DOCUMENT, "ours": OURS}


@dataclass(frozen=True, eq=False)
class Latent:
    """A trained VAE and a model of its latents.

    curve: (P, 3) step, reconstruction and KL of the VAE, means over parts of its training.
    """

    vae: VAE
    model: Model
    curve: Tensor


@dataclass(frozen=True, eq=False)
class LatentState:
    """How far a training of both has come; `diffusion` is None while the VAE still learns."""

    spec: LatentSpec
    vae: VAEState
    diffusion: TrainState | None = None

    @property
    def step(self) -> int:
        return self.vae.step + (self.diffusion.step if self.diffusion else 0)

    @property
    def steps(self) -> int:
        return self.spec.vae.steps + self.spec.diffusion.config.steps

    @property
    def seconds(self) -> float:
        """Of work, for both."""
        return self.vae.seconds + (self.diffusion.seconds if self.diffusion else 0.0)

    def resume_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that `train_latent` needs to go on as if it had never stopped."""
        tensors = {VAE_PART + name: part for name, part in self.vae.resume_state().items()}
        meta = {"spec": latent_to_json(self.spec), "vae_seconds": self.vae.seconds}
        if self.diffusion is not None:
            model, more = self.diffusion.resume_state()
            tensors |= {MODEL_PART + name: part for name, part in model.items()}
            meta["seconds"] = more["seconds"]
        return tensors, meta


def train_latent(
    spec: LatentSpec, device: torch.device | str | None = None, resume: Resume | None = None
) -> Iterator[LatentState]:
    """Train the VAE, then the model on what its encoder makes of the vectors; see `train`.

    `resume` is what `LatentState.resume_state` gave; ValueError for a state that does not fit.
    """
    tensors, meta = resume if resume is not None else ({}, {})
    vae, model = (_part(tensors, prefix) for prefix in (VAE_PART, MODEL_PART))
    for first in train_vae(spec.vae, vae or None, float(meta.get("vae_seconds", 0.0))):
        yield LatentState(spec, first)
    diffusion = replace(spec.diffusion, distribution=latents(first.vae()))
    onwards = (model, {"seconds": meta["seconds"]}) if model else None
    for state in enduring(diffusion, onwards, device=device):
        yield LatentState(spec, first, state)


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def latent_to_json(spec: LatentSpec) -> dict[str, Any]:
    """The spec as JSON can hold it, for `latent_from_json`."""
    return {
        "label": spec.label,
        "vae": vae_to_json(spec.vae),
        "diffusion": to_json(spec.diffusion),
    }


def latent_from_json(obj: Any) -> LatentSpec:
    """The spec that `latent_to_json` wrote; ValueError that says what is not usable."""
    if not isinstance(obj, dict) or set(obj) != {"label", "vae", "diffusion"}:
        raise ValueError("this does not describe a training of VAE and diffusion")
    return LatentSpec(str(obj["label"]), vae_from_json(obj["vae"]), from_json(obj["diffusion"]))


def load_latent(name: str, folder: Path = FOLDER) -> Latent:
    """The pair called `name`; ValueError for another name, DamagedFile for a bad file."""
    if name not in LATENTS:
        raise ValueError(f"{name!r} is no latent diffusion; choose one of {', '.join(LATENTS)}")
    place = folder / name
    weights, _ = read_tensors(place / WEIGHTS)
    vae, _ = read_tensors(place / VAE_WEIGHTS)
    made = read_json(place / "spec.json")
    if not isinstance(made, dict) or "spec" not in made:
        raise DamagedFile("spec.json does not describe a latent diffusion: it lacks the spec")
    try:
        model = Model.of(from_json(made["spec"]), weights)
        return latent_of(model, vae)
    except ValueError as problem:
        raise DamagedFile(f"{name} cannot be used: {problem}") from problem


def latent_of(model: Model, tensors: Mapping[str, Tensor]) -> Latent:
    """The pair of a model and what `vae_tensors` gave; DamagedFile where that is something else."""
    curve = tensors.get(CURVE_NAME)
    if curve is None or curve.ndim != 2 or curve.shape[1] != 3 or not len(curve):
        raise DamagedFile("the VAE's file lacks the curve of its loss")
    weights = {name: tensor for name, tensor in tensors.items() if name != CURVE_NAME}
    return Latent(vae_of(weights), model, curve)


def vae_tensors(state: VAEState) -> dict[str, Tensor]:
    """A VAE's weights and the curve of its loss, by name, for `latent_of`."""
    ends, means = parts(state.losses)
    return {**state.weights, CURVE_NAME: torch.cat([ends[:, None].float(), means], dim=1)}


def parts(losses: Tensor) -> tuple[Tensor, Tensor]:
    """(P,) last steps, and means (P, *D) of losses (S, *D), over at most `CURVE` equal parts."""
    pieces = torch.arange(len(losses)).tensor_split(min(CURVE, len(losses)))
    ends = torch.tensor([int(piece[-1]) + 1 for piece in pieces])
    return ends, torch.stack([losses[piece].mean(dim=0) for piece in pieces])


def keep_latent(name: str, state: LatentState, folder: Path = FOLDER) -> None:
    """Write what a finished training of both learned to `folder`/`name`."""
    if state.diffusion is None:
        raise ValueError("the VAE has only just learned; train the model of its latents too")
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    weights = state.diffusion.weights()
    halved = {n: w if n in (CENTRE, SCALE) else w.half() for n, w in weights.items()}
    save_tensors(place / WEIGHTS, halved, {})
    save_tensors(place / VAE_WEIGHTS, vae_tensors(state.vae), {})
    made = {
        "command": f"python -m {__spec__.name} {name}",
        "seconds": round(state.seconds, 1),
        "loss": round(state.diffusion.loss, 4),
        "vae_loss": [round(part, 4) for part in state.vae.loss],
        "vae": vae_to_json(state.vae.spec),
        "spec": to_json(state.diffusion.spec),
    }
    write_atomically(place / "spec.json", json_bytes(made) + b"\n")
    ends, means = (part.tolist() for part in parts(state.diffusion.losses))
    rows = ["step,loss", *(f"{end},{mean:.5f}" for end, mean in zip(ends, means, strict=True))]
    write_atomically(place / "loss.csv", ("\n".join(rows) + "\n").encode())


def main(names: Sequence[str]) -> None:
    """Train those called `names`, or all, on one core: half a minute each."""
    torch.set_num_threads(1)
    for name in names or LATENTS:
        if name not in LATENTS:
            raise SystemExit(f"{name} is unknown; choose from {', '.join(LATENTS)}")
        *_, state = train_latent(LATENTS[name], device="cpu")
        keep_latent(name, state)
        reconstruction, kl = state.vae.loss
        print(f"{name}: VAE {reconstruction:.3f} + {kl:.3f} nats, {state.seconds:.0f} s for both")


if __name__ == "__main__":
    main(sys.argv[1:])
