"""Noise schedules."""

from explorer.ui.frame import page

page("Noise schedules")
