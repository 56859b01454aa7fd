"""The one-hot VAE: its loss against closed forms, what it learns, and files that are whole."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Generator

from explorer.data.distributions import DISTRIBUTIONS
from explorer.networks.vae import CLASSES, CLEAR, VAE, cross_entropy, divergence, reparametrised
from explorer.training.files import DamagedFile, json_bytes, read_json
from explorer.training.latents import (
    FOLDER,
    LATENTS,
    OURS,
    LatentSpec,
    keep_latent,
    latent_from_json,
    latent_to_json,
    load_latent,
    parts,
    train_latent,
)
from explorer.training.vae import (
    LEAST,
    VAESpec,
    latents,
    train_vae,
    vae_from_json,
    vae_of,
    vae_to_json,
)

QUICK = VAESpec(steps=600)


def last(spec: VAESpec):
    *_, state = train_vae(spec)
    return state


@pytest.fixture(scope="module")
def trained():
    return last(QUICK)


def test_the_divergence_is_that_of_two_gaussians():
    rng = Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 50, 2, generator=rng).double()
    q = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    p = torch.distributions.Normal(torch.zeros(2).double(), torch.ones(2).double())
    wanted = torch.distributions.kl_divergence(q, p).sum(dim=1)
    torch.testing.assert_close(divergence(mean, log_variance), wanted)
    assert float(divergence(torch.zeros(1, 2), torch.zeros(1, 2))) == 0


def test_the_cross_entropy_is_minus_the_log_of_four_bernoullis():
    logits = torch.tensor([[2.0, -1.0, 0.5, -3.0]])
    p = [1 / (1 + math.exp(-value)) for value in logits[0].tolist()]
    by_hand = -(math.log(1 - p[0]) + math.log(p[1]) + math.log(1 - p[2]) + math.log(1 - p[3]))
    found = cross_entropy(logits, torch.tensor([[0.0, 1.0, 0.0, 0.0]]))
    assert float(found) == pytest.approx(by_hand, rel=1e-6)


def test_encoded_vectors_are_drawn_with_the_encoder_mean_and_width():
    n = 40_000
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, -2.0]])
    z = reparametrised(mean.expand(n, 2), log_variance.expand(n, 2), Generator().manual_seed(0))
    std = (0.5 * log_variance[0]).exp()
    assert ((z.mean(0) - mean[0]).abs() < 4.5 * std / math.sqrt(n)).all()
    assert ((z.std(0) / std - 1).abs() < 4.5 / math.sqrt(2 * n)).all()


def test_all_four_are_decoded_right_after_a_second_of_training(trained):
    vae = trained.vae()
    mean, _ = vae.encode(torch.eye(CLASSES))
    decoded = vae.decode(mean)
    assert decoded.argmax(dim=1).tolist() == [0, 1, 2, 3]
    assert (decoded.diagonal() >= CLEAR).all()
    assert (decoded.sum(dim=1) - decoded.diagonal() < 0.3).all()


def test_the_loss_falls_towards_the_entropy_of_the_classes_and_not_below(trained):
    first = float(trained.losses[:20].sum(dim=1).mean())
    assert first > 2.2
    # the evidence bound holds in expectation; 200 steps of 64 vectors have a spread of 0.02
    assert LEAST - 0.1 < sum(trained.loss) < 2.0
    assert trained.losses.shape == (600, 2)


def test_the_kl_term_alone_leaves_nothing_of_the_classes():
    reconstruction, kl = last(replace(QUICK, kl_weight=3.0)).loss
    weak = last(replace(QUICK, kl_weight=0.1)).loss
    assert weak[1] > kl + 1  # nats that the latents tell of the class
    assert weak[0] < reconstruction


def test_equal_specs_give_equal_weights_and_another_seed_does_not():
    short = replace(QUICK, steps=40)
    one, other = last(short).weights, last(short).weights
    assert all(torch.equal(one[name], other[name]) for name in one)
    different = last(replace(short, seed=1)).weights
    assert not torch.equal(one["encoder.weight"], different["encoder.weight"])


def test_a_state_does_not_change_when_training_goes_on():
    states = train_vae(replace(QUICK, steps=200))
    first = next(states)
    before = {name: tensor.clone() for name, tensor in first.weights.items()}
    *_, end = states
    assert end.step == 200 > first.step
    assert all(torch.equal(first.weights[name], before[name]) for name in before)
    assert not torch.equal(end.weights["logits.bias"], before["logits.bias"])


def test_stopped_at_any_place_both_go_on_to_the_very_weights_of_one_that_never_stopped():
    spec = replace(
        OURS,
        vae=replace(QUICK, steps=120),
        diffusion=replace(OURS.diffusion, config=replace(OURS.diffusion.config, steps=60)),
    )
    spec = latent_from_json(read_json(json_bytes(latent_to_json(spec))))
    *_, whole = train_latent(spec, "cpu")
    stops = {True: None, False: None}  # by whether the VAE was still learning
    for state in train_latent(spec, "cpu"):
        if 0 < state.step < spec.vae.steps or (state.diffusion and 0 < state.diffusion.step < 60):
            stops[state.diffusion is None] = state.resume_state()
    for tensors, meta in stops.values():
        *_, end = train_latent(spec, "cpu", (tensors, read_json(json_bytes(meta))))
        assert end.step == whole.step == 180
        for one, other in ((end.vae, whole.vae), (end.diffusion, whole.diffusion)):
            assert torch.equal(one.losses, other.losses)
        assert all(torch.equal(end.vae.weights[n], w) for n, w in whole.vae.weights.items())
        weights = end.diffusion.weights()
        assert all(torch.equal(weights[n], w) for n, w in whole.diffusion.weights().items())
        assert end.seconds > meta["vae_seconds"]


def test_a_state_that_fits_no_vae_is_refused():
    *_, state = train_vae(replace(QUICK, steps=30))
    whole = state.resume_state()
    for wrong, said in (
        ({n: t for n, t in whole.items() if n != "rng"}, "it needs"),
        ({**whole, "losses": torch.zeros(31, 2)}, "31"),
        ({**whole, "mean": torch.zeros(3)}, "3 weights"),
        ({**whole, "rng": torch.zeros(5)}, "random numbers"),
    ):
        with pytest.raises(ValueError, match=said):
            next(train_vae(replace(QUICK, steps=30), wrong))


def test_the_latents_are_the_mixture_that_the_encoder_draws_from(trained):
    vae, n = trained.vae(), 20_000
    spec = latents(vae)
    exact = spec.build()
    mean, log_variance = vae.encode(torch.eye(CLASSES))
    rng = Generator().manual_seed(0)
    which = torch.randint(CLASSES, (n,), generator=rng)
    drawn = reparametrised(mean[which], log_variance[which], rng).double()
    assert DISTRIBUTIONS[spec.name].dim == 2
    error = 4.5 * exact.covariance.diagonal().sqrt() / math.sqrt(n)
    assert ((drawn.mean(0) - exact.mean).abs() < error).all()
    assert (exact.mode_of(mean).tolist()) == [0, 1, 2, 3]
    spread = drawn.T.cov()
    assert (spread - exact.covariance).abs().max() < 0.05 * float(exact.covariance.diagonal().max())


def test_the_latents_may_be_named_in_a_file(trained):
    latents(trained.vae()).mixture.check()


@pytest.fixture(scope="module")
def pair():
    diffusion = replace(OURS.diffusion, config=replace(OURS.diffusion.config, steps=30, batch=64))
    return list(train_latent(LatentSpec("small", replace(QUICK, steps=60), diffusion), "cpu"))


def test_the_vae_comes_first_and_the_diffusion_learns_its_latents(pair):
    assert pair[0].diffusion is None
    assert pair[0].step < 60
    end = pair[-1]
    assert end.step == end.steps == 90
    assert end.diffusion.spec.distribution == latents(end.vae.vae())
    assert end.seconds == pytest.approx(end.vae.seconds + end.diffusion.seconds)
    steps = [state.step for state in pair]
    assert steps == sorted(steps)


def test_what_is_kept_is_what_is_loaded(pair, tmp_path):
    end = pair[-1]
    keep_latent("ours", end, tmp_path)
    back = load_latent("ours", tmp_path)
    z = torch.randn(20, 2, generator=Generator().manual_seed(0))
    assert torch.equal(back.vae.decode(z), end.vae.vae().decode(z))
    assert back.model.spec == end.diffusion.spec
    t = torch.tensor(0.5, dtype=torch.float64)
    theirs = end.diffusion.model().score(z, t)
    torch.testing.assert_close(back.model.score(z, t), theirs, atol=5e-3, rtol=5e-3)
    assert vae_from_json(read_json(tmp_path / "ours" / "spec.json")["vae"]) == end.vae.spec
    assert float(back.curve[-1, 0]) == 60
    assert torch.equal(back.curve[:, 1:], parts(end.vae.losses)[1])
    with pytest.raises(ValueError, match="only just learned"):
        keep_latent("ours", pair[0], tmp_path)


def test_damaged_files_say_what_is_wrong(pair, tmp_path):
    with pytest.raises(ValueError, match="choose one of document, ours"):
        load_latent("../../etc")
    with pytest.raises(DamagedFile, match="missing"):
        load_latent("ours", tmp_path)
    keep_latent("ours", pair[-1], tmp_path)
    place = tmp_path / "ours"
    good = (place / "vae.safetensors").read_bytes()
    for data, said in ((good[:-9], "cut short"), (b"PK\x03\x04" + good, "pickle or a zip")):
        (place / "vae.safetensors").write_bytes(data)
        with pytest.raises(DamagedFile, match=said):
            load_latent("ours", tmp_path)
    (place / "vae.safetensors").write_bytes((place / "weights.safetensors").read_bytes())
    with pytest.raises(DamagedFile, match="lacks the curve"):
        load_latent("ours", tmp_path)
    (place / "vae.safetensors").write_bytes(good)
    for bad, said in (({}, "lacks the spec"), ({"spec": {"seed": 0}}, "the spec lacks")):
        (place / "spec.json").write_bytes(json_bytes(bad))
        with pytest.raises(DamagedFile, match=said):
            load_latent("ours", tmp_path)


def test_a_spec_survives_json_and_nothing_else_passes():
    spec = VAESpec(100, 7, 1e-3, "constant", 0.3, 5)
    assert vae_from_json(vae_to_json(spec)) == spec
    for wrong in (None, [], {"steps": 3}, vae_to_json(spec) | {"more": 1}):
        with pytest.raises(ValueError, match="the VAE's spec is"):
            vae_from_json(wrong)


def test_weights_of_another_shape_are_refused():
    weights = VAE().state_dict()
    with pytest.raises(DamagedFile, match="posterior"):
        vae_of({name: t for name, t in weights.items() if name != "posterior.bias"})


@pytest.mark.parametrize("name", LATENTS)
def test_what_comes_with_the_product_is_what_its_entry_says(name):
    kept, entry = load_latent(name), LATENTS[name]
    assert vae_from_json(read_json(FOLDER / name / "spec.json")["vae"]) == entry.vae
    assert replace(kept.model.spec, distribution=entry.diffusion.distribution) == entry.diffusion
    given, anew = kept.model.spec.distribution, latents(kept.vae)
    assert replace(given, mixture=anew.mixture) == anew
    for name in ("weights", "means", "covariances"):  # other processors round otherwise
        numbers = torch.tensor(getattr(given.mixture, name))
        torch.testing.assert_close(numbers, torch.tensor(getattr(anew.mixture, name)))
    mean, _ = kept.vae.encode(torch.eye(CLASSES))
    assert (kept.vae.decode(mean).diagonal() > CLEAR).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"steps": 0}, "steps"), ({"schedule": "x"}, "schedule"), ({"kl_weight": "1"}, "kl_weight")],
)
def test_a_spec_with_an_unusable_number_says_which(wrong, said):
    with pytest.raises(ValueError, match=said):
        vae_from_json(vae_to_json(QUICK) | wrong)
