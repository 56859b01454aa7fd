"""Home: what this is, and a live picture to start from."""

from explorer.ui.frame import page

page("Diffusion explorer", intro="Watch data become noise and noise become data.")
