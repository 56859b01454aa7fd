"""The variables of the environment that configure the explorer, each read where it is needed."""

VARIABLES = {
    "EXPLORER_CACHE_MB": "memory for scenes, in MiB",
    "EXPLORER_CHECKPOINTS": "the folder of networks that come with the program",
    "EXPLORER_DATA": "the folder with MNIST and CIFAR-10",
    "EXPLORER_DIFFUSERS": "the folder with models that diffusers trained",
    "EXPLORER_HELPERS": "how many processes compute scenes beside the server's own",
    "EXPLORER_LOG": "how events are logged",
    "EXPLORER_METRICS_TOKEN": "what whoever reads the metrics has to give",
    "EXPLORER_RAY_ADDRESS": "the Ray cluster that trains",
    "EXPLORER_REQUIRE_BROWSER": "whether tests fail where there is no Chromium",
    "EXPLORER_RUNS": "the folder of finished runs and autosaves",
}
"""All of them, and what each is in a few words; docs/operations.md says more."""
