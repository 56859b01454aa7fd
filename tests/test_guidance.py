"""Guidance: identities, Bayes' rule, and guided sampling of Gaussians against closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.labelled import LABELLED, of_class
from explorer.diffusion.guidance import guided, guided_at_once, interval, tilted_log_density
from explorer.diffusion.process import Process
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.trajectory import exact_score
from explorer.training.labelled import LabelledModel, LabelledSpec, load, models, train

COSINE = PROCESSES["cosine"].build()
T = torch.tensor(0.4, dtype=torch.float64)


def points(count: int, *shape: int) -> torch.Tensor:
    return torch.randn(count, *shape, generator=Generator().manual_seed(0), dtype=torch.float64)


def at(name: str, label: int, t: torch.Tensor = T) -> tuple[GaussianMixture, GaussianMixture]:
    """p_t and p_t(· | c)."""
    mixture, level = LABELLED[name].build(), COSINE.level(t)
    return mixture.noised(*level), of_class(mixture, label).noised(*level)


@pytest.mark.parametrize("name", LABELLED)
@pytest.mark.parametrize("label", [0, 1])
def test_the_conditional_score_is_the_gradient_of_the_conditional_density(name: str, label: int):
    _, conditional = at(name, label)
    x = points(20, LABELLED[name].dim).requires_grad_()
    slope = torch.autograd.grad(conditional.log_prob(x).sum(), x)[0]
    torch.testing.assert_close(conditional.score(x.detach()), slope, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", LABELLED)
def test_the_push_is_the_gradient_of_a_classifier_of_noisy_data(name: str):
    """Bayes: ∇ log p(x_t | c) − ∇ log p(x_t) = ∇ log p(c | x_t)."""
    unconditional, conditional = at(name, 1)
    x = points(20, LABELLED[name].dim).requires_grad_()
    log_posterior = unconditional.responsibilities(x)[:, 1].log().sum()
    slope = torch.autograd.grad(log_posterior, x)[0]
    push = conditional.score(x.detach()) - unconditional.score(x.detach())
    torch.testing.assert_close(push, slope, rtol=1e-6, atol=1e-6)


def test_the_classes_together_are_the_mixture():
    x = points(30, 2)
    for name in ("branches", "ring", "overlap"):
        mixture = LABELLED[name].build()
        parts = [mixture.mode_weights[c] * of_class(mixture, c).log_prob(x).exp() for c in (0, 1)]
        torch.testing.assert_close(sum(parts), mixture.log_prob(x).exp())
    with pytest.raises(ValueError, match="no class 2"):
        of_class(LABELLED["ring"].build(), 2)


def counted(factor: float, calls: list[float]):
    def score(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        calls.append(factor)
        return factor * x

    return score


@pytest.mark.parametrize("shape", [(2,), (3, 8, 8)])
def test_no_guidance_is_the_weak_score_and_one_is_the_strong_exactly(shape: tuple[int, ...]):
    x = points(5, *shape)
    for w, wanted in ((0.0, 0.1), (1.0, 0.7)):
        calls: list[float] = []
        score = guided(counted(0.1, calls), counted(0.7, calls), w)
        assert torch.equal(score(x, T), wanted * x)
        assert calls == [wanted], "the other is not evaluated"
    out = guided(counted(0.1, []), counted(0.7, []), 3.0)(x, T)
    torch.testing.assert_close(out, (0.1 + 3 * 0.6) * x)
    per_row = torch.tensor([0.0, 1.0, 3.0, -1.0, 0.5])
    rows = guided(counted(0.1, []), counted(0.7, []), lambda t: per_row)(x, T)
    wanted_rows = (0.1 + 0.6 * per_row.double()).reshape(5, *[1] * len(shape)) * x
    torch.testing.assert_close(rows, wanted_rows, rtol=1e-6, atol=1e-6)


def test_both_scores_in_one_evaluation():
    x, factors = points(4, 3, 8, 8), torch.tensor([0.1] * 4 + [0.7] * 4).reshape(8, 1, 1, 1)
    seen: list[torch.Size] = []

    def stacked(both: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append(both.shape)
        assert t.ndim == 0 or len(t) == 8
        return factors * both

    weak, strong = counted(0.1, []), counted(0.7, [])
    for t in (T, T.expand(4)):
        out = guided_at_once(stacked, weak, strong, 2.5)(x, t)
        torch.testing.assert_close(out, guided(weak, strong, 2.5)(x, t), rtol=1e-6, atol=1e-7)
    assert seen == [torch.Size((8, 3, 8, 8))] * 2


def test_guiding_a_model_by_itself_changes_nothing():
    """Autoguidance by a weaker model that is not weaker."""
    _, conditional = at("branches", 0)
    x = points(20, 2)
    same = guided(lambda x, t: conditional.score(x), lambda x, t: conditional.score(x), 7.0)
    torch.testing.assert_close(same(x, T), conditional.score(x))


@pytest.mark.parametrize("name", ["cosine", "ve", "edm", "straight"])
def test_the_interval_is_one_of_noise_per_signal(name: str):
    process: Process = PROCESSES[name].build()
    schedule = interval(process, 4.0, 0.3, 2.0)
    ratios = torch.tensor([0.1, 0.29, 0.31, 1.9], dtype=torch.float64)
    ts = process.time_at(ratios)
    wanted = [1.0, 1.0, 4.0, 4.0]
    assert [float(schedule(t)) for t in ts] == wanted
    assert schedule(ts).tolist() == wanted
    assert float(schedule(process.grid(1)[0])) == 1.0
    with pytest.raises(ValueError, match="no interval"):
        interval(process, 4.0, 2.0, 2.0)


@pytest.mark.parametrize("w", [0.5, 2.0, 4.0])
def test_guided_gaussians_end_with_the_geometric_mean_of_their_widths(w: float):
    """The flow of variances s_u², s_c² about one centre scales x by Π √(s²/(s² + σ²))^{1−w, w}.

    With the tilted density it has only the centre in common.
    """
    process, wide, thin = PROCESSES["edm"].build(), 1.0, 0.6

    def gaussian(std: float) -> GaussianMixture:
        return GaussianMixture.isotropic(torch.ones(1), torch.zeros(1, 1), std)

    x = process.prior((2000, 1), Generator().manual_seed(0)).double()
    start = float(process.sigma(process.grid(1)[0]))
    score = guided(exact_score(gaussian(wide), process), exact_score(gaussian(thin), process), w)
    end = race(SAMPLERS["heun"], SAMPLERS["heun"].build(), process, score, x, 300, 0).xs[-1]

    def shrink(std: float) -> float:
        return std / math.hypot(std, start)

    factor = shrink(wide) ** (1 - w) * shrink(thin) ** w
    torch.testing.assert_close(end, factor * x, rtol=0.01, atol=1e-6)
    tilted = ((1 - w) / wide**2 + w / thin**2) ** -0.5
    assert abs(float(end.std()) / tilted - 1) > 0.03


@pytest.mark.parametrize("w", [0.0, 2.0, 5.0])
def test_equal_widths_shift_by_the_scale(w: float):
    """Then guided and tilted agree: a Gaussian of that width about m_u + w (m_c − m_u)."""
    process = PROCESSES["edm"].build()
    means = {"u": torch.tensor([[0.5, 0.0]]), "c": torch.tensor([[1.5, -1.0]])}
    mixtures = {k: GaussianMixture.isotropic(torch.ones(1), m, 0.5) for k, m in means.items()}
    score = guided(*(exact_score(mixtures[k], process) for k in "uc"), w)
    x = process.prior((4000, 2), Generator().manual_seed(1))
    end = race(SAMPLERS["heun"], SAMPLERS["heun"].build(), process, score, x, 60, 0).xs[-1]
    wanted = means["u"][0] + w * (means["c"] - means["u"])[0]
    tolerance = 4 * 0.5 / math.sqrt(4000) + 0.02 * float(wanted.norm())
    torch.testing.assert_close(end.mean(dim=0), wanted, rtol=0, atol=tolerance)
    assert end.std(dim=0).tolist() == pytest.approx([0.5, 0.5], rel=4 / math.sqrt(8000) + 0.02)


def test_the_tilted_density_has_the_guided_score():
    unconditional, conditional = at("overlap", 0)
    x = points(10, 2).requires_grad_()
    log = tilted_log_density(unconditional.log_prob(x), conditional.log_prob(x), 3.0)
    slope = torch.autograd.grad(log.sum(), x)[0]
    score = guided(lambda x, t: unconditional.score(x), lambda x, t: conditional.score(x), 3.0)
    torch.testing.assert_close(score(x.detach(), T), slope, rtol=1e-8, atol=1e-9)


def test_a_short_training_learns_the_classes_apart_and_is_repeatable():
    spec = LabelledSpec("overlap", width=32, depth=2, steps=400, batch=256, early=20)

    def finished():
        *_, lesson = train(spec)
        return lesson

    lesson, again = finished(), finished()
    assert all(torch.equal(w, again.weights[name]) for name, w in lesson.weights.items())
    both = {"final": lesson.weights, "early": lesson.early}
    final, early = models(spec, {f"{k}.{n}": w for k, ws in both.items() for n, w in ws.items()})
    x = 0.8 * points(400, 2).float()
    unconditional, conditional = at("overlap", 1)

    def error(score, exact) -> float:
        return float((score(x, T) - exact.score(x)).norm() / exact.score(x).norm())

    assert error(final.score(1), conditional) < 0.15
    assert error(final.score(), unconditional) < 0.15
    assert error(final.score(0), conditional) > 0.4, "the label matters"
    assert error(early.score(1), conditional) > 2 * error(final.score(1), conditional)
    labels = torch.ones(len(x)).long()
    by_row = final.network(x, T.float().expand(len(x)), labels)
    torch.testing.assert_close(by_row, final.network(x, T, labels), rtol=1e-4, atol=1e-5)


def test_the_bundled_network_samples_its_class_and_its_early_state_strays_more():
    final, early = load("branches")
    target = of_class(LABELLED["branches"].build(), 0)
    limit = torch.quantile(target.log_prob(target.sample(4000, Generator().manual_seed(5))), 0.005)
    x = COSINE.prior((500, 2), Generator().manual_seed(0))

    def strays(score) -> float:
        entry = SAMPLERS["heun"]
        end = race(entry, entry.build(), final.process, score, x, 30, 0).xs[-1]
        return float((target.log_prob(end) < limit).float().mean())

    plain, weak = strays(final.score(0)), strays(early.score(0))
    assert plain < 0.12
    assert weak > 2 * plain
    assert strays(guided(early.score(0), final.score(0), 2.0)) < plain
    with pytest.raises(ValueError, match="comes with no network"):
        load("ring")


def test_weights_that_do_not_fit_are_refused():
    spec = LabelledSpec()
    with pytest.raises(ValueError, match="do not fit"):
        LabelledModel.of(spec, {"first.weight": torch.zeros(2, 2)})
    with pytest.raises(ValueError, match="early=0"):
        LabelledSpec(early=0)
    with pytest.raises(ValueError, match="hidden=1"):
        LabelledSpec(hidden=1.0)
