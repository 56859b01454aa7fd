"""Samples above the training pictures that are nearest to them: does a network copy?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
import torch

from explorer.data.images import Pictures, load
from explorer.figures import image_grids
from explorer.image_metrics import nearest
from explorer.training.image_films import Film
from explorer.training.image_folder import Checkpoint
from explorer.training.image_request import Request
from explorer.ui import frame, image_desk, image_downloads, image_places, image_sources
from explorer.ui.cache import cached
from explorer.ui.player import Pane, still

NEAR = 3
HELD_OUT = 200
"""Held-out pictures that the figures are held against: half a second on one core."""

ACROSS = 10


@dataclass(frozen=True)
class Nearness:
    """How near pictures come to the training set: how many are copies, and the median distance."""

    count: int
    copies: int
    median: float


def show(checkpoint: Checkpoint, request: Request, scale: float) -> None:
    """The pictures that are on the page, once they are computed; what is missing is said."""
    dataset = checkpoint.spec.dataset
    film, _ = image_desk.found(checkpoint, request)
    if film is None:
        st.info("Sample first: then each picture stands here above what is nearest to it.")
        return
    folder = str(image_places.data_folder() or "")
    try:
        with st.spinner("Reading the training pictures and comparing all of them."):
            data = _training(dataset, folder)
            truth = _held_out(dataset, folder)
            pane, ours = _scene(
                film, data, str(checkpoint.folder), request, film.seconds, folder, scale
            )
    except ValueError as problem:
        image_downloads.offer(dataset, problem)
        return
    rows = -(-len(request.labels) // ACROSS)
    still([pane], key=f"near-{rows}", height=frame.height(50 + 340 * rows))
    st.markdown(
        f"Below each sample are its {NEAR} nearest of {len(data):,} training pictures, with the "
        "distance: L2 over all pixels, black being 0 and white 1. A sample is a **copy** where its "
        "nearest is nearer than a third of its second nearest (Yoon et al. 2023): "
        f"**{ours.copies} of {ours.count}** samples, and {truth.copies} of {truth.count} held-out "
        f"pictures. Median distance to the nearest: **{ours.median:.2f}** for samples, "
        f"{truth.median:.2f} for held-out pictures."
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def _training(name: str, folder: str) -> Pictures:
    """The training pictures of a set, read once a server: 60 to 150 MB. ValueError without them."""
    return load(name, Path(folder), "train")


@cached
def _held_out(name: str, folder: str) -> Nearness:
    held_out = image_sources.held_out(name, folder).pixels[:HELD_OUT]
    return _nearness(held_out, _training(name, folder))[0]


@cached
def _scene(
    _film: Film,
    _data: Pictures,
    network: str,
    request: Request,
    seconds: float,
    folder: str,
    scale: float,
) -> tuple[Pane, Nearness]:
    """Known by where the network and its data lie, what the film shows, and how long it took."""
    samples = torch.from_numpy(_film.x_t[0, -1].copy()).permute(0, 3, 1, 2)
    grey = samples[:, : _data.pixels.shape[1]]  # of a grey set's samples the channels are alike
    ours, near, distances = _nearness(grey, _data)
    shown = near.expand(-1, -1, 3, -1, -1).permute(0, 1, 3, 4, 2)
    pane = image_grids.under_samples(
        _film.x_t[0, -1], shown.contiguous().numpy(), distances.numpy(), ACROSS, scale=scale
    )
    return pane, ours


def _nearness(pixels: torch.Tensor, data: Pictures) -> tuple[Nearness, torch.Tensor, torch.Tensor]:
    """The figures; the nearest pictures (B, NEAR, C, 32, 32) and their distances (B, NEAR)."""
    found = nearest(pixels, data.pixels, NEAR)
    distances = found.distances / 255
    figures = Nearness(len(pixels), int(found.copies.sum()), float(distances[:, 0].median()))
    return figures, data.pixels[found.index], distances
