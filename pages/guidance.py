"""Guidance: asking for a class, asking louder, and what that does to the samples."""

from explorer.data.labelled import LABELLED
from explorer.registry import Param
from explorer.ui import controls, frame, guidance_code, guidance_live, guidance_views
from explorer.ui import guidance_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.setup import choose_process

frame.page(
    "Guidance",
    intro="Ask for one class, and follow its score further than it goes: samples become more "
    "typical of the class, and less varied. What they are pushed away from makes the difference.",
)
controls.presets(
    {
        "Two trees, learned": {},
        "Two trees, exact": {"scores": "exact"},
        "Over the scale": {"view": "scales"},
        "The push": {"scores": "exact", "classes": "overlap", "view": "field"},
        "Not p(x) p(c|x)ʷ": {"scores": "exact", "classes": "neighbours-1d", "view": "density"},
        "Within an interval": {"interval": "1", "w": 4.0},
    }
)
VIEWS = {
    "samples": "Samples",
    "field": "Field",
    "density": "Density",
    "scales": "Scales",
    "learn": "Train",
}
_LEVEL = "Noise over signal: 0 is the data, 50 next to pure noise."
LOWS, HIGHS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6), (0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 50.0)
LOW = Param("low", "From σ/α", 0.15, 0.0, 0.6, 0.01, _LEVEL, choices=LOWS)
HIGH = Param("high", "To σ/α", 1.0, 0.7, 50.0, 0.1, _LEVEL, choices=HIGHS)

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(
        VIEWS,
        key="view",
        label="Show",
        default="samples",
        help="Guided samples, the push on them, the density they would follow, or what each scale "
        "gains and loses; or train the network here.",
    )
    learned = (
        view == "learn"
        or controls.segments(
            {"learned": "Learned", "exact": "Exact"},
            key="scores",
            label="Scores",
            default="learned",
            help="One small network, trained with a fifth of the labels hidden, on two trees; its "
            "early state is the weaker model. Or the exact scores of any of the distributions.",
        )
        == "learned"
    )
    if learned:
        data, process = "branches", scenes.NETWORK_PROCESS
    else:
        labels = {name: entry.label for name, entry in LABELLED.items()}
        data = controls.option(
            labels, key="classes", label="Classes", default="branches", help="Data with two labels."
        )
        process = choose_process(default="cosine")
    label = controls.segments(
        {"0": "Left", "1": "Right"},
        key="c",
        label="Class",
        default="0",
        help="The class that is asked for.",
    )
    scale = Param("w", "Scale w", 2.0, 0.0, 8.0, 0.25, "0: the class is forgotten. 1: obeyed.")
    w = float(controls.number(scale, key="w"))
    blur = 0.25
    if not learned:
        weak = Param("blur", "Blur of the weaker model", 0.25, 0.05, 1.0, 0.05, "For autoguidance.")
        blur = float(controls.number(weak, key="blur"))
    within = None
    if controls.switch(
        key="interval",
        label="Guide within an interval",
        help="Only between two noise levels, elsewhere w = 1 (Kynkäänniemi et al. 2024).",
    ):
        within = (
            float(controls.number(LOW, key="low")),
            float(controls.number(HIGH, key="high")),
        )
    samplers = {"heun": "Flow (ODE)", "ddpm": "SDE"}
    sampler = controls.segments(
        samplers,
        key="by",
        label="Sampler",
        default="heun",
        help="Without fresh noise on the way, or with it. Both follow the guided score.",
    )
    spec = guidance_live.choose_training() if view == "learn" else None
    seed = controls.seed()

guide = scenes.Guide(data, process, int(label), w, blur, within, learned, sampler, seed)
type_scale = 1.4 if frame.projector() else 1.0


with wide:
    if spec is not None:
        guidance_live.live(guide, spec, type_scale)
    else:
        guidance_views.VIEWS[view](guide, type_scale)
        show_code(guidance_code.recipe(guide))
