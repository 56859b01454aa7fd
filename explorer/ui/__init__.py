"""The page frame, the controls drawn from registries and the player: the room with Streamlit."""
