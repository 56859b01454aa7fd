"""Takes an animation out of the app: films, stills, a page that plays offline, and its numbers."""
