"""The code behind a page: its equation, the functions that draw it, and a script of its state.

Every page ends in one call, inside `with wide:`

    show_code(
        equation=process.build().latex,  # one LaTeX formula, or several
        functions=[forward, SAMPLERS[name].make],  # objects; their source is shown
        script=partial(forward_script, distribution, process, particles, seed),
        name="forward_diffusion",
    )

While it is closed the page pays for one button: nothing is read, bundled or sent. `script` is
called when somebody opens it, and gives a whole script that imports nothing of this package. To
write one, add `explorer/code/recipes/PAGE.py` with a function from the page's specs, numbers and
seed to text:

    BODY = '''
    from torch import Generator

    from explorer.diffusion.trajectory import forward

    rng = Generator().manual_seed(seed)
    run = forward(process, distribution.sample(particles, rng), process.grid(100).flip(0), rng)
    print(f"variance at t = 1: {float(run.xs[-1].var()):.6f}")
    '''

    def forward_script(distribution: DistributionSpec, process: ProcessSpec, ...) -> str:
        settings = {
            "distribution": made.distribution(distribution),  # as a call of its function
            "process": made.process(process),
            "seed": seed,  # numbers, texts, tuples, frozen dataclasses
        }
        return made.script("Forward diffusion: …", BODY, settings)

with `from explorer.code import script as made`, which puts the settings before the body and
replaces every import from `explorer` by the functions themselves (`explorer.code.bundle`). A body
never touches the global seed and prints what the page shows, in the page's own digits; it is run by
a test (`tests/test_code_scripts.py`) in a process that cannot import this package. Where a page
shows what a network learned, `files` gives the weights to download beside the script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from explorer.code.functions import name_of, source

_OPEN = "_code_open"
_PARTS = {"script": "Script", "functions": "Functions", "equation": "Equation"}


def show_code(
    *,
    equation: str | Sequence[str],
    functions: Sequence[Callable[..., Any]],
    script: Callable[[], str],
    name: str = "diffusion",
    files: Mapping[str, Callable[[], bytes]] | None = None,
) -> None:
    """A button at the end of a page, and what it opens.

    equation: LaTeX.  functions: shown by their source.  script: made when it is asked for.
    name: of the downloaded script, without its ending.  files: what the script reads, by file name.
    """
    equations = (equation,) if isinstance(equation, str) else tuple(equation)
    st.button(
        "Show me the code",
        icon=":material/code:",
        type="tertiary",
        key="_code",
        help="The equation, the functions, and a script that gives this page's numbers.",
        on_click=_open,
        args=(name,),
    )
    if st.session_state.get(_OPEN) == name:
        _dialog(equations, tuple(functions), script, name, files or {})


def _open(name: str) -> None:
    st.session_state[_OPEN] = name


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("The code behind this page", width="large", icon=":material/code:", on_dismiss=_close)
def _dialog(
    equations: Sequence[str],
    functions: Sequence[Callable[..., Any]],
    script: Callable[[], str],
    name: str,
    files: Mapping[str, Callable[[], bytes]],
) -> None:
    part = st.segmented_control(
        "Part",
        list(_PARTS),
        default="script",
        key="_code_part",
        format_func=lambda key: _PARTS.get(key, key),
        required=True,
        label_visibility="collapsed",
    )
    if part == "equation":
        for latex in equations:
            st.latex(latex)
    elif part == "functions":
        names = {name_of(function): function for function in functions}
        chosen = st.segmented_control(
            "Function",
            list(names),
            default=next(iter(names)),
            key="_code_function",
            required=True,
            label_visibility="collapsed",
        )
        st.code(source(names.get(str(chosen), functions[0])), height=520)
    else:
        _script(script(), name, files)


def _script(text: str, name: str, files: Mapping[str, Callable[[], bytes]]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download",
            text,
            f"{name}.py",
            "text/x-python",
            key="_code_download",
            icon=":material/download:",
            on_click="ignore",
        )
        for file, read in files.items():
            st.download_button(
                file,
                read,
                file,
                "application/octet-stream",
                key=f"_code_file_{file}",
                icon=":material/download:",
                on_click="ignore",
            )
        count = text.count("\n")
        st.caption(
            f"{count:,} lines, with all it needs of this app. The page's settings are at the end."
        )
    st.code(text, line_numbers=True, height=480)
