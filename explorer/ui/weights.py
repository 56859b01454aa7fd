"""The weights of a trained network as a file to take home beside a script."""

from __future__ import annotations

from functools import partial

from explorer.code.recipes.learned import Trained
from explorer.training.pretrain import FOLDER
from explorer.training.spec import from_json
from explorer.training.store import Card
from explorer.ui.learned_scenes import RUN, model
from explorer.ui.shelf import store


def trained(name: str) -> Trained:
    """What a script needs of a network, known by its name in `learned_scenes.networks`."""
    if name.startswith(RUN):
        return of_card(store().card(name.removeprefix(RUN)))
    place = FOLDER / name / "weights.safetensors"
    return Trained(model(name).spec, f"{name}.safetensors", place.read_bytes)


def of_card(card: Card) -> Trained:
    """The same of a run on the shelf; ValueError where its spec cannot be read."""
    read = partial(store().export_bytes, card.id)
    return Trained(from_json(card.spec), f"{card.id}.safetensors", read)
