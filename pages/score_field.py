"""Score field."""

from explorer.ui.frame import page

page("Score field")
