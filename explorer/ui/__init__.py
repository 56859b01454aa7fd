"""The page frame, the controls drawn from registries, and the player: the only room with Streamlit."""
