"""Every step against the published algorithm, written out here or taken from diffusers."""

import math
from itertools import pairwise

import diffusers
import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from explorer.diffusion import flows, steps
from explorer.diffusion.parametrization import score_of
from explorer.diffusion.processes import EDM, LambdaVE, LinearDDPM, StraightPath
from explorer.diffusion.trajectory import sample

T = 100
CHAIN = LinearDDPM(T, 1e-4, 0.05)
BETAS = torch.linspace(1e-4, 0.05, T, dtype=torch.float64)
ALPHA_BAR = torch.cumprod(1 - BETAS, 0)


def predict_eps(x: Tensor, t: Tensor) -> Tensor:
    """No true ε, but smooth and nonlinear in x and t, as a network's."""
    return torch.sin(1.3 * x) + 0.4 * x.flip(1) * (1 - t) + 0.2 * t


def start(scale: float = 1.0) -> Tensor:
    return scale * torch.randn(16, 3, generator=Generator().manual_seed(0), dtype=torch.float64)


def ours(step, process, ts: Tensor, x: Tensor, seed: int = 1) -> Tensor:
    score = score_of("eps", predict_eps, process)
    return sample(process, score, step, x, ts, Generator().manual_seed(seed))


def noise(x: Tensor, rng: Generator) -> Tensor:
    return torch.randn(x.shape, generator=rng, dtype=x.dtype)


@pytest.mark.parametrize("drop_noise", [False, True])
def test_ancestral_is_algorithm_2_of_ho_et_al(drop_noise):
    x, rng = start(), Generator().manual_seed(1)
    for i in range(T, 0, -1):
        beta, alpha_bar = BETAS[i - 1], ALPHA_BAR[i - 1]
        eps = predict_eps(x, torch.tensor(i / T, dtype=torch.float64))
        mean = (x - beta / (1 - alpha_bar).sqrt() * eps) / (1 - beta).sqrt()
        x = mean + beta.sqrt() * noise(x, rng) if i > 1 and not drop_noise else mean
    step = steps.noise_left_out() if drop_noise else steps.ancestral("beta")
    torch.testing.assert_close(ours(step, CHAIN, CHAIN.grid(T), start()), x, rtol=1e-9, atol=1e-9)


def test_ancestral_in_float32_keeps_its_digits():
    step, x = steps.ancestral("beta"), start()
    single = ours(steps.noise_left_out(), CHAIN, CHAIN.grid(T), x.float())
    assert single.dtype == torch.float32
    double = ours(steps.noise_left_out(), CHAIN, CHAIN.grid(T), x)
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-4)
    assert ours(step, CHAIN, CHAIN.grid(T), x).dtype == torch.float64


def theirs(scheduler, count: int, **options) -> Tensor:
    """Samples by a scheduler of diffusers, given the betas' products in float64 as it allows."""
    for name, value in {"betas": BETAS, "alphas": 1 - BETAS, "alphas_cumprod": ALPHA_BAR}.items():
        setattr(scheduler, name, value)
    scheduler.set_timesteps(count)
    x, rng = start(), Generator().manual_seed(1)
    for i in scheduler.timesteps:
        eps = predict_eps(x, (i.double() + 1) / T)
        x = scheduler.step(eps, i, x, generator=rng, **options).prev_sample
    return x


SETTINGS = {"num_train_timesteps": T, "beta_start": 1e-4, "beta_end": 0.05}


@pytest.mark.parametrize(
    ("ours_variance", "their_variance"), [("posterior", "fixed_small"), ("beta", "fixed_large")]
)
def test_ancestral_is_that_of_diffusers(ours_variance, their_variance):
    scheduler = diffusers.DDPMScheduler(**SETTINGS, variance_type=their_variance, clip_sample=False)
    x = ours(steps.ancestral(ours_variance), CHAIN, CHAIN.grid(T), start())
    torch.testing.assert_close(x, theirs(scheduler, T), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("count", [10, T])
def test_ddim_is_that_of_diffusers(eta, count):
    scheduler = diffusers.DDIMScheduler(
        **SETTINGS, clip_sample=False, set_alpha_to_one=True, timestep_spacing="trailing"
    )
    x = ours(steps.ddim(eta), CHAIN, CHAIN.grid(count), start())
    torch.testing.assert_close(x, theirs(scheduler, count, eta=eta), rtol=1e-7, atol=1e-7)


def test_ddim_with_full_eta_is_ancestral_with_the_posterior_variance():
    ddim = ours(steps.ddim(1.0), CHAIN, CHAIN.grid(T), start())
    ancestral = ours(steps.ancestral("posterior"), CHAIN, CHAIN.grid(T), start())
    torch.testing.assert_close(ddim, ancestral, rtol=1e-9, atol=1e-9)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # within diffusers
@pytest.mark.parametrize("count", [5, 10, 20])
def test_dpm_solver_is_that_of_diffusers(count):
    scheduler = diffusers.DPMSolverMultistepScheduler(
        **SETTINGS,
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero",
        timestep_spacing="trailing",
    )
    x = ours(steps.dpm_solver_2m(), CHAIN, CHAIN.grid(count), start())
    # diffusers computes this one in float32
    torch.testing.assert_close(x, theirs(scheduler, count), rtol=2e-5, atol=2e-5)


def test_first_order_dpm_solver_is_ddim():
    """Lu et al. 2022, section 4: its first step, which has no past, is DDIM's."""
    ts = CHAIN.grid(20)[:2]
    x = ours(steps.dpm_solver_2m(), CHAIN, ts, start())
    torch.testing.assert_close(x, ours(steps.ddim(), CHAIN, ts, start()), rtol=1e-10, atol=1e-10)


def denoised(x: Tensor, sigma: float, process: EDM) -> Tensor:
    t = torch.tensor(sigma / process.sigma_max, dtype=torch.float64)
    return x - sigma * predict_eps(x, t)


@pytest.mark.parametrize("churn", [0.0, 0.2, math.sqrt(2) - 1])
def test_edm_is_algorithm_2_of_karras_et_al(churn):
    """With S_tmin = 0 and S_noise = 1; no churn at σ_max, beyond which no network is trained."""
    process = EDM(sigma_max=10.0)
    sigmas = [10 * float(t) for t in process.grid(18)]
    x, rng = start(10.0), Generator().manual_seed(1)
    for i, (sigma, following) in enumerate(pairwise(sigmas)):
        hat = min(sigma * (1 + churn), 10.0)
        if churn > 0 and i > 0:
            x = x + math.sqrt(hat**2 - sigma**2) * noise(x, rng)
        slope = (x - denoised(x, hat, process)) / hat
        euler = x + (following - hat) * slope
        if following > 0:
            again = (euler - denoised(euler, following, process)) / following
            x = x + (following - hat) * (slope + again) / 2
        else:
            x = euler
    got = ours(steps.edm(churn), process, process.grid(18), start(10.0))
    torch.testing.assert_close(got, x, rtol=1e-8, atol=1e-8)
    if churn == 0:
        heun = ours(flows.heun(), process, process.grid(18), start(10.0))
        torch.testing.assert_close(heun, x, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("process", [LinearDDPM(), StraightPath(), LambdaVE(0.5)], ids=repr)
def test_churn_brings_a_particle_to_the_higher_noise_level(process):
    """Algorithm 2 in x/α and σ/α, the form it has for any process (Karras et al., equation 4)."""
    t, s = (torch.tensor(u, dtype=torch.float64) for u in (0.5, 0.4))
    ratio_t, ratio_s = (process.sigma(u) / process.alpha(u) for u in (t, s))
    hat = process.time_at(1.2 * ratio_t)
    x = start()
    y = x / process.alpha(t) + 0.44**0.5 * ratio_t * noise(x, Generator().manual_seed(1))

    def slope(y: Tensor, at: Tensor) -> Tensor:
        return predict_eps(process.alpha(at) * y, at)

    first = slope(y, hat)
    second = slope(y + (ratio_s - 1.2 * ratio_t) * first, s)
    y = y + (ratio_s - 1.2 * ratio_t) * (first + second) / 2
    got = ours(steps.edm(0.2), process, torch.stack([t, s]), x)
    torch.testing.assert_close(got, process.alpha(s) * y, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("variance", ["posterior", "beta"])
def test_ancestral_ve_is_that_of_song_et_al(variance):
    """The predictor of Song et al. 2021, appendix F; with 'beta' the variance of the forward."""
    process = LambdaVE(10.0)
    ts, x, rng = process.grid(30), start(4.0), Generator().manual_seed(1)
    for t, s in pairwise(ts):
        sigma, following = float(process.sigma(t)), float(process.sigma(s))
        removed = sigma**2 - following**2
        x = x - removed * predict_eps(x, t) / sigma
        if following > 0:
            shrink = following**2 / sigma**2 if variance == "posterior" else 1
            x = x + math.sqrt(removed * shrink) * noise(x, rng)
    got = ours(steps.ancestral(variance), process, ts, start(4.0))
    torch.testing.assert_close(got, x, rtol=1e-9, atol=1e-9)


def test_reverse_sde_is_euler_maruyama_of_the_ve_sde():
    ts, x, rng = LambdaVE(10.0).grid(30), start(4.0), Generator().manual_seed(1)
    for t, s in pairwise(ts.tolist()):
        g, dt = 10.0**t, t - s
        sigma = math.sqrt((10.0 ** (2 * t) - 1) / (2 * math.log(10)))
        x = x - g**2 * dt * predict_eps(x, torch.tensor(t, dtype=torch.float64)) / sigma
        x = x + g * math.sqrt(dt) * noise(x, rng) if s > 0 else x
    got = ours(steps.euler_maruyama(), LambdaVE(10.0), ts, start(4.0))
    torch.testing.assert_close(got, x, rtol=1e-9, atol=1e-9)


def test_corrector_is_the_langevin_step_of_song_et_al():
    """Algorithm 5: ε = 2 (r ‖z‖/‖g‖)², norms averaged over the batch."""
    process, snr = LambdaVE(10.0), 0.2
    t, s = torch.tensor([0.6, 0.5], dtype=torch.float64)
    rng = Generator().manual_seed(1)
    removed = process.sigma(t) ** 2 - process.sigma(s) ** 2
    x = start() - removed * predict_eps(start(), t) / process.sigma(t)
    x = x + removed.sqrt() * noise(x, rng)
    grad, z = -predict_eps(x, s) / process.sigma(s), noise(x, rng)
    size = 2 * (snr * z.norm(dim=1).mean() / grad.norm(dim=1).mean()) ** 2
    x = x + size * grad + (2 * size).sqrt() * z
    got = ours(steps.predictor_corrector(snr), process, torch.stack([t, s]), start())
    torch.testing.assert_close(got, x, rtol=1e-9, atol=1e-9)


def test_flow_on_the_straight_path_is_flow_matching_of_diffusers():
    process = StraightPath()
    ts = process.grid(25)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000)
    scheduler.set_timesteps(sigmas=ts[:-1].tolist())
    np.testing.assert_allclose(scheduler.sigmas.numpy(), ts.numpy(), rtol=1e-6)
    x = start()
    for i, t in zip(scheduler.timesteps, ts[:-1], strict=True):
        eps = predict_eps(x, t)
        velocity = eps - (x - t * eps) / (1 - t)  # dx/dt = ε − x_0
        x = scheduler.step(velocity, i, x).prev_sample
    got = ours(flows.euler(), process, ts, start())
    # diffusers computes in float32, and the velocity starts as a thousand times x
    torch.testing.assert_close(got, x, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: steps.ancestral("large"), "'large' is unknown.*'beta' or 'posterior'"),
        (lambda: steps.ddim(1.5), r"η=1.5 must lie between"),
        (lambda: steps.ddim(-0.1), r"η=-0.1 must lie between"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
