"""Training in the session: what is learned, how, in which order, and where it is kept."""
