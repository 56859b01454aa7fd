"""The table of pages: the sidebar's menu, the cards on the home page and the tests all read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

HOME = "home.py"


@dataclass(frozen=True)
class Page:
    """One page: its file, what the menu calls it, and one line on what it shows.

    thumbnail: the name of a drawing in `explorer.ui.thumbnails`.
    preset: link parameters under which the home page opens it, so that it starts with a view
    worth seeing.
    """

    file: str
    title: str
    icon: str
    section: str
    line: str
    thumbnail: str = ""
    preset: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The page's link on the server: `/` for the home page, `/name` for the others."""
        name = self.file.removeprefix("pages/").removesuffix(".py")
        return "/" if self.file == HOME else f"/{name}"


MENU: tuple[Page, ...] = (
    Page(HOME, "Home", ":material/home:", "", "What there is to see."),
    Page(
        "pages/stories.py",
        "Stories",
        ":material/auto_stories:",
        "",
        "Guided lectures on these pages: predict first, then see. Or write one.",
        "stories",
    ),
    Page(
        "pages/forward_diffusion.py",
        "Forward diffusion",
        ":material/blur_on:",
        "Noise in",
        "Follow particles as noise washes the modes into one another.",
        "paths",
    ),
    Page(
        "pages/noise_schedules.py",
        "Noise schedules",
        ":material/show_chart:",
        "Noise in",
        "How fast the signal fades and the noise grows, process beside process.",
        "schedules",
    ),
    Page(
        "pages/score_field.py",
        "Score field",
        ":material/explore:",
        "Noise out",
        "The arrows that point back to the data, exact at every noise level.",
        "field",
        {"proc": "ve"},
    ),
    Page(
        "pages/reverse_race.py",
        "Reverse race",
        ":material/sports_score:",
        "Noise out",
        "All ways back from noise, side by side from the same start.",
        "race",
        {"dim": "1"},
    ),
    Page(
        "pages/diffusion_against_mcmc.py",
        "Diffusion against MCMC",
        ":material/route:",
        "Noise out",
        "HMC and Langevin chains stay in their mode where diffusion finds them all.",
        "chains",
    ),
    Page(
        "pages/train.py",
        "Train",
        ":material/school:",
        "Learning",
        "A small network learns the score while you watch, in seconds.",
        "training",
    ),
    Page(
        "pages/exact_against_learned.py",
        "Exact against learned",
        ":material/compare:",
        "Learning",
        "What a network learned, beside the true score: fields, errors, densities, copies.",
        "learned",
    ),
    Page(
        "pages/steps_against_quality.py",
        "Steps against quality",
        ":material/speed:",
        "Learning",
        "How many evaluations each sampler needs, measured while you watch.",
        "quality",
    ),
    Page(
        "pages/density_estimation.py",
        "Density estimation",
        ":material/bar_chart:",
        "Learning",
        "One density from its points: a histogram, kernels, and diffusion models.",
        "estimation",
    ),
    Page(
        "pages/my_runs.py",
        "My runs",
        ":material/inventory_2:",
        "Learning",
        "Networks that were trained here, to keep and to hand on.",
    ),
    Page(
        "pages/latent_diffusion.py",
        "Latent diffusion",
        ":material/bubble_chart:",
        "Latents and guidance",
        "Diffusion in a VAE's plane, decoded: what becomes of it when its noise is left out.",
        "latents",
    ),
    Page(
        "pages/seed_space.py",
        "Seed space",
        ":material/grid_on:",
        "Latents and guidance",
        "Which class each seed ends in: clean regions by the ODE, salt and pepper by the SDE.",
        "seeds",
    ),
    Page(
        "pages/differentiable_sampler.py",
        "Steer the flow",
        ":material/my_location:",
        "Latents and guidance",
        "Set a target, and gradients through every step move the noise that leads there.",
        "steering",
    ),
    Page(
        "pages/guidance.py",
        "Guidance",
        ":material/directions:",
        "Latents and guidance",
        "Ask for a class, louder and louder: what is gained, and which samples are lost.",
        "guidance",
    ),
    Page(
        "pages/mathematics.py",
        "The mathematics",
        ":material/function:",
        "The mathematics",
        "Five equations, each beside its picture and checked by numbers.",
        "mathematics",
        {"view": "posterior"},
    ),
    Page(
        "pages/glossary.py",
        "Glossary",
        ":material/dictionary:",
        "The mathematics",
        "The field's words in a sentence or two, with equation, source and where to see them.",
        "words",
    ),
    Page(
        "pages/image_forward.py",
        "Image forward",
        ":material/grain:",
        "Images",
        "Noise in pictures, and why a network need not be told how much.",
        "image-noise",
    ),
    Page(
        "pages/image_sampling.py",
        "Image sampling",
        ":material/photo_library:",
        "Images",
        "Digits and photographs out of noise, with class and guidance, step by step.",
        "image-samples",
    ),
    Page(
        "pages/image_race.py",
        "Images: SDE and ODE",
        ":material/call_split:",
        "Images",
        "SDE, ODE, DDIM and noise left out, from the same noise.",
        "image-race",
    ),
    Page(
        "pages/image_losses.py",
        "Loss curves",
        ":material/trending_down:",
        "Images",
        "How the networks learned, against the practical's targets; train one yourself.",
        "image-losses",
    ),
)


def path_of(title: str) -> str:
    """The link of the page with this title; that of the home page for any other."""
    return next((page.path for page in MENU if page.title == title), "/")


def sections() -> list[tuple[str, list[Page]]]:
    """The menu grouped by section, in the table's order; the home page's section is empty."""
    return [(name, list(pages)) for name, pages in groupby(MENU, key=lambda page: page.section)]
