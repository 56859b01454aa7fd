"""The script of the pages that draw pictures from noise."""

from __future__ import annotations

from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import image_weights
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import walk
from explorer.training.image_films import denoise
from explorer.training.image_folder import Checkpoint
from explorer.training.image_model import ImageModel
from explorer.training.image_request import Request, slerp

IMPORTS = "from explorer.training.image_films import filmed\n"

REST = """
film = filmed(model, request, torch.device("cpu"))
for lane, pictures, calls in zip(request.lanes, film.x_t[:, -1], film.evaluations):
    print(f"{lane.sampler}: evaluations={calls} brightness={pictures.mean():.1f}")
if "--picture" in sys.argv:  # needs Pillow
    from PIL import Image

    lanes, count, side = len(request.lanes), len(request.labels), 32
    sheet = film.x_t[:, -1].transpose(0, 2, 1, 3, 4).reshape(lanes * side, count * side, 3)
    Image.fromarray(sheet).save("pictures.png")
    print("picture=pictures.png")
"""


def pictures_script(checkpoint: Checkpoint, request: Request) -> str:
    """All pictures of the page, drawn anew; with --picture they go into a PNG."""
    settings = image_weights.settings(checkpoint) | {
        "request": request,
    }
    names = [lane.sampler for lane in request.lanes]
    doc = "Pictures from noise by a trained network."
    body = image_weights.body(checkpoint, IMPORTS, REST)
    return made.script(doc, body, settings, keep=image_weights.kept(checkpoint, names))


def recipe(checkpoint: Checkpoint, request: Request, name: str = "image_sampling") -> Recipe:
    """`pictures_script` with what it needs, under the page's `name`."""
    entries = [SAMPLERS[lane.sampler] for lane in request.lanes]
    steps = [
        entry.make.func if isinstance(entry.make, partial) else entry.make for entry in entries
    ]
    network = checkpoint.spec.entry.network
    return Recipe(
        name,
        tuple(dict.fromkeys(entry.latex for entry in entries)),
        (denoise, walk, *dict.fromkeys(steps), ImageModel.score, slerp, network),
        partial(pictures_script, checkpoint, request),
        image_weights.files(checkpoint),
    )
