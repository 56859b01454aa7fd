"""The code behind a page: its equations, the functions that are run, and a script of its state.

Every page ends in one call, inside `with wide:`

    show_code(forward_diffusion.recipe(distribution, process, particles, seed))

While it is closed the page pays for one button: nothing is read, bundled or sent. A recipe lives in
`explorer/code/recipes/PAGE.py`, a module without Streamlit:

    from functools import partial

    from explorer.code import script as made
    from explorer.code.recipe import Recipe
from explorer.code.writing import own_part

    BODY = '''
    from torch import Generator

    from explorer.diffusion.trajectory import forward

    rng = Generator().manual_seed(seed)
    run = forward(process, distribution.sample(particles, rng), process.grid(100).flip(0), rng)
    print(f"variance={float(run.xs[-1].var()):.6f}")
    '''

    def forward_script(distribution: DistributionSpec, process: ProcessSpec, ...) -> str:
        settings = {
            "distribution": made.distribution(distribution),  # as a call of its function
            "process": made.process(process),
            "seed": seed,  # numbers, texts, tuples, dictionaries, frozen dataclasses
        }
        return made.script("Forward diffusion: …", BODY, settings)

    def recipe(distribution, process, particles, seed) -> Recipe:
        return Recipe(
            "forward_diffusion",  # the script's file
            (process.build().latex,),  # equations
            (forward, type(process.build())),  # functions and classes, shown by their source
            partial(forward_script, distribution, process, particles, seed),
        )

`made.script` puts the settings before the body and replaces every import from `explorer` by the
functions themselves (`explorer.code.bundle`). `made.made(entry, values)` writes the call that an
entry of any registry makes. A body never touches the global seed and prints `name=value` pairs of
what the page shows, in the page's own digits; a test runs it in a process that cannot import this
package (`tests/run_alone.py`) and holds the two together. Where a page shows what a network has
learned, the recipe's `files` give the weights to download beside the script; see
`explorer.code.recipes.learned`.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.code.functions import name_of, source
from explorer.code.recipe import Recipe
from explorer.code.writing import own_part
from explorer.ui import export

_OPEN = "_code_open"
_PARTS = {"script": "Script", "functions": "Functions", "equation": "Equation"}


def show_code(recipe: Recipe) -> None:
    """A button at the end of a page, and what it opens; beside it the way out for what moves."""
    with st.container(horizontal=True, gap="medium"):
        st.button(
            "Show me the code",
            icon=":material/code:",
            type="tertiary",
            key="_code",
            on_click=_open,
            args=(recipe.name,),
        )
        export.button(recipe)
    if st.session_state.get(_OPEN) == recipe.name:
        _dialog(recipe)


def _open(name: str) -> None:
    st.session_state[_OPEN] = name


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("The code behind this page", width="large", icon=":material/code:", on_dismiss=_close)
def _dialog(recipe: Recipe) -> None:
    part = _segments("Part", _PARTS, "_code_part")
    if part == "equation":
        for latex in recipe.equations:
            st.latex(latex)
    elif part == "functions":
        named = {name_of(function): function for function in recipe.functions}
        chosen = _segments("Function", {name: name for name in named}, "_code_function")
        st.code(source(named[chosen]), height=480)
    else:
        _script(recipe)


def _segments(label: str, options: Mapping[str, str], key: str) -> str:
    """One of the options, name → label; the first until another is chosen."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = next(iter(options))
    chosen = st.segmented_control(
        label,
        list(options),
        key=key,
        format_func=lambda name: options.get(name, str(name)),
        required=True,
        label_visibility="collapsed",
    )
    return str(chosen)


def _script(recipe: Recipe) -> None:
    text = recipe.script()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download",
            text,
            f"{recipe.name}.py",
            "text/x-python",
            key="_code_download",
            icon=":material/download:",
            on_click="ignore",
        )
        for file, read in recipe.files.items():
            st.download_button(
                file,
                read,
                file,
                "application/octet-stream",
                key=f"_code_file_{file}",
                icon=":material/download:",
                on_click="ignore",
            )
        lines = text.count("\n")
        whole = st.toggle(
            f"All {lines:,} lines",
            key="_code_whole",
            help="The file needs nothing of this app: before the settings it holds every function "
            "that they lead to. It takes a moment to show.",
        )
    st.code(text if whole else own_part(text), height=480)
