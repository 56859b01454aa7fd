"""What the pages on latents show: samplers from one noise, decoded, and seeds by their ends."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Generator

from explorer.diffusion.seeds import chance, disagreement, seed_mesh
from explorer.figures import latents as figures
from explorer.figures.handle import Handle
from explorer.figures.layers import Particles, Tint
from explorer.figures.seeds import seed_map, shares_chart
from explorer.figures.view import View
from explorer.networks.vae import CLASSES, CLEAR
from explorer.training.latents import LATENTS
from explorer.training.vae import latents, untrained
from explorer.ui import latent_scenes, seed_scenes
from explorer.ui.seed_scenes import Way

COUNT = 1000
BOTH = ("document", "ours")


def sampled(name: str, exact: bool = False, by_end: bool = False) -> latent_scenes.Sampling:
    return latent_scenes.sampling(name, exact, by_end, 100, COUNT, 0)


def lane(found: latent_scenes.Sampling, sampler: str) -> latent_scenes.Row:
    return found.rows[list(latent_scenes.LANES).index(sampler)]


def particles(found: latent_scenes.Sampling, pane: int) -> Particles:
    return next(part for part in found.scene.panes[pane].layers if isinstance(part, Particles))


@pytest.mark.parametrize("name", BOTH)
def test_leaving_out_the_noise_decodes_ambiguously_and_nothing_else_does(name: str):
    found = sampled(name)
    error = 4 * 0.5 / COUNT**0.5  # of a share, at most
    assert lane(found, "no-noise").clear + error < lane(found, "ddpm").clear - 0.3
    for sampler in ("ddim", "flow"):
        assert abs(lane(found, sampler).clear - lane(found, "ddpm").clear) < 2 * error
    assert lane(found, "no-noise").spread < 0.2
    assert all(lane(found, s).spread > 0.8 for s in ("ddpm", "ddim", "flow"))


@pytest.mark.parametrize("name", BOTH)
def test_all_but_the_collapsed_lane_find_all_four_classes(name: str):
    found = sampled(name)
    for sampler in ("ddpm", "ddim", "flow"):
        assert min(lane(found, sampler).found) > 0.15
    assert sum(share > 0.02 for share in lane(found, "no-noise").found) <= 2


def test_the_exact_score_decodes_like_true_latents_and_our_network_comes_close():
    error = 4 * 0.5 * (1 / COUNT + 1 / 4000) ** 0.5
    exact, ours, document = sampled("ours", exact=True), sampled("ours"), sampled("document")
    assert abs(lane(exact, "ddpm").clear - exact.true.clear) < error
    assert abs(lane(ours, "ddpm").clear - ours.true.clear) < error + 0.03
    # the document's network has not learned much more than N(0, I)
    assert lane(document, "ddim").clear < document.true.clear - error


def test_every_lane_starts_from_the_same_noise_and_wears_its_colours():
    now, end = sampled("document"), sampled("document", by_end=True)
    starts = [particles(now, pane).xy[0] for pane in range(4)]
    assert all(np.array_equal(starts[0], start) for start in starts)
    vae = latent_scenes.latent("document").vae
    for pane in range(4):
        layer = particles(now, pane)
        assert layer.xy.shape == (101, COUNT, 2)
        assert layer.colours.shape == (101, COUNT)
        for frame in (0, 50, 100):
            decoded = vae.decode(torch.from_numpy(layer.xy[frame]))
            winner, which = decoded.max(dim=1)
            wanted = torch.where(winner > CLEAR, which, 7).numpy()
            # on their way they are looked up, and those next to a border may wear the other's
            share = 1.0 if frame == 100 else 0.98
            assert (layer.colours[frame] == wanted).mean() >= share
        assert np.array_equal(particles(end, pane).colours, layer.colours[-1])


def test_the_table_shows_decoded_vectors_of_the_first_particles():
    found = sampled("ours")
    vae = latent_scenes.latent("ours").vae
    end = torch.from_numpy(particles(found, 0).xy[-1][:8])
    np.testing.assert_allclose(found.rows[0].examples, vae.decode(end).numpy(), atol=1e-3)


def test_the_regions_are_the_decoders_colours_and_names_stand_in_their_own():
    vae = latent_scenes.latent("document").vae
    tint = figures.regions(vae, 3.0, side=31)
    assert isinstance(tint, Tint)
    means, _ = vae.encode(torch.eye(CLASSES))
    for k, (x, y) in enumerate(means.tolist()):
        row, column = (round((v + 3) / 6 * 30) for v in (y, x))
        assert tint.weights[0, :, row, column].argmax() == k
    places = figures.label_places(vae, 2.8)
    assert list(places) == [0, 1, 2, 3]
    assert vae.decode(torch.tensor(list(places.values()))).argmax(dim=1).tolist() == [0, 1, 2, 3]
    assert figures.label_places(untrained(Generator().manual_seed(0)), 2.8) == {}


def test_latents_wear_the_class_they_came_from_and_not_the_nearest():
    vae = untrained(Generator().manual_seed(0)).requires_grad_(False)
    view = View(latents(vae).build(), LATENTS["ours"].diffusion.process.build(), True)
    points = figures.latents_pane(vae, view, seed=0, count=4000).layers[1]
    assert isinstance(points, Particles)
    mean, log_variance = vae.encode(torch.eye(CLASSES))
    for k in range(CLASSES):
        mine = points.xy[-1][points.colours == k]
        assert len(mine) == pytest.approx(1000, abs=4.5 * (4000 * 3 / 16) ** 0.5)
        width = (0.5 * log_variance[k]).exp().numpy()
        error = 4.5 * width / len(mine) ** 0.5 + 0.02  # the last frame has a little noise
        assert (np.abs(mine.mean(axis=0) - mean[k].numpy()) < error).all()


def test_the_four_classes_are_told_with_what_their_means_decode_to():
    rows = latent_scenes.class_rows(latent_scenes.latent("ours").vae)
    assert [row.name for row in rows] == ["1000", "0100", "0010", "0001"]
    assert all(row.decoded[k] > CLEAR for k, row in enumerate(rows))
    assert all(0 < min(row.width) < max(row.width) < 1.5 for row in rows)


@pytest.mark.parametrize("name", BOTH)
def test_seeds_end_in_regions_by_the_ode_and_in_salt_and_pepper_by_the_sde(name: str):
    calm = seed_scenes.seed_map(name, False, Way("flow"), 50, 0)
    rough = seed_scenes.seed_map(name, False, Way("ddpm"), 50, 0)
    assert calm.apart < 0.03
    assert rough.apart > 0.9 * rough.chance
    assert calm.chance > 0.6


def test_a_map_without_noise_knows_no_seed_of_randomness_and_one_with_noise_does():
    flow, ddpm = Way("flow"), Way("ddpm")
    ends = [seed_scenes.seed_map("document", False, way, 20, s).ends for way in (flow, ddpm)
            for s in (0, 1)]  # fmt: skip
    assert np.array_equal(ends[0], ends[1])
    # two independent draws of four classes agree for a quarter of all seeds or so
    assert 0.6 < (ends[2] != ends[3]).mean() < 0.9


def test_a_little_noise_lies_between():
    apart = [
        seed_scenes.seed_map("document", False, Way("ddim", (("eta", eta),)), 50, 0).apart
        for eta in (0.0, 0.3, 1.0)
    ]
    assert apart[0] < 0.03 < apart[1] < apart[2]


def test_many_runs_from_one_seed_end_everywhere_with_noise_and_at_one_place_without():
    found = seed_scenes.endings("document", False, Way("flow"), Way("ddpm"), (1.0, 0.6), 50, 0)
    noisy, still = found.shares.values()
    assert noisy.sum() == pytest.approx(1)
    assert noisy.min() > 0.05
    assert sorted(still.tolist()) == [0, 0, 0, 1]
    crowd, path = (part for part in found.scene.panes[0].layers if isinstance(part, Particles))
    assert np.ptp(crowd.xy[0], axis=0).max() < 1e-6
    np.testing.assert_allclose(crowd.xy[0][0], path.xy[0][0], atol=1e-6)
    np.testing.assert_allclose(crowd.xy[0][0], (1.0, 0.6), atol=0.01)
    assert crowd.xy[-1].std(axis=0).min() > 0.5
    # the map says the same of this seed
    ends = seed_scenes.seed_map("document", False, Way("flow"), 50, 0).ends
    mesh = seed_mesh(seed_scenes.SIDE, seed_scenes.REACH).numpy()
    nearest = np.abs(mesh - (1.0, 0.6)).sum(axis=1).argmin()
    assert ends.ravel()[nearest] == still.argmax()


def test_disagreement_counts_the_borders_of_neighbours():
    halves = torch.tensor([[0, 0, 1, 1]] * 4)
    assert disagreement(halves) == pytest.approx(4 / 24)
    board = torch.arange(6)[:, None].add(torch.arange(6)) % 2
    assert disagreement(board) == 1
    assert chance(halves) == 0.5
    rng = torch.Generator().manual_seed(0)
    random = torch.randint(4, (200, 200), generator=rng)
    assert disagreement(random) == pytest.approx(0.75, abs=4 * 0.5 / 200)


def test_a_mesh_runs_row_by_row_from_below():
    mesh = seed_mesh(3, 2.0)
    assert mesh.tolist()[:4] == [[-2, -2], [0, -2], [2, -2], [-2, 0]]


def test_the_map_keeps_its_squares_and_shows_the_chosen_seed():
    ends = np.zeros((20, 20), dtype=np.uint8)
    ends[0, -1] = 3
    tint, star = seed_map(ends, 3.0, (1.0, -0.5), colour=4).layers
    assert isinstance(tint, Tint)
    assert tint.sharp
    np.testing.assert_array_equal(tint.weights[0].argmax(axis=0), ends)
    np.testing.assert_array_equal(tint.weights.sum(axis=1), 1)
    assert isinstance(star, Handle)
    assert (star.at, star.reach, star.step) == ((1.0, -0.5), 3.0, 0.1)
    bars = shares_chart({"a": np.array([0.5, 0.5, 0, 0]), "b": np.array([0, 0, 0, 1.0])})
    assert [bar.x[1] for bar in bars.data] == [0.5, 0.5, 0, 0]


def test_a_map_of_classes_tells_all_but_those_at_a_border():
    vae, half = latent_scenes.latent("document").vae, 3.5
    known = latent_scenes.class_map("document", half)
    z = 1.2 * torch.randn(5, 2000, 2, generator=Generator().manual_seed(0))
    found, exact = known.at(z), figures.classes(vae, z)
    assert found.shape == exact.shape
    cell = 2 * half / (figures.MAPPED - 1)
    shifts = torch.tensor([[dx, dy] for dx in (-1, 0, 1) for dy in (-1, 0, 1)]) * 0.75 * cell
    around = figures.classes(vae, z[..., None, :] + shifts)
    inner = (around == around[..., :1]).all(axis=-1) & (z.abs().amax(dim=-1) < half).numpy()
    np.testing.assert_array_equal(found[inner], exact[inner])
    assert inner.mean() > 0.9
    beyond = torch.tensor([[9.0, 0.0], [-9.0, 0.0]])
    np.testing.assert_array_equal(known.at(beyond), known.at(beyond.clamp(-half, half)))
