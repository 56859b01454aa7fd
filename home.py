"""Home: what this is, and live pictures to start from."""

from explorer.ui import frame, navigation
from explorer.ui.warmup import warm_up

frame.page(
    frame.PRODUCT,
    intro="A diffusion model learns to undo noise. Here you set the noise, watch it come, see the "
    "arrows that lead back to the data, and race the ways of following them: every picture moves, "
    "every number is yours to change, and the link in the address bar always restores what you "
    "see.",
)
navigation.cards()
warm_up()
