"""Reverse race."""

from explorer.ui.frame import page

page("Reverse race")
