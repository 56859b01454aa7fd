"""The library behind the diffusion explorer: distributions, processes, samplers, pictures."""
