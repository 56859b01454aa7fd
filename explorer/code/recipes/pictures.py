"""The ends of scripts that draw: `python script.py --picture` writes a page for a browser."""

from __future__ import annotations

HOW = "With --picture it writes one to look at in a browser."

_HEAD = """
if "--picture" in sys.argv:  # needs plotly
"""
_TAIL = """
    picture.write_html("picture.html")
    print("picture=picture.html")
"""

PATHS = f"""{_HEAD}    import plotly.graph_objects as go

    lines = run.xs[:, :60, 0].T.tolist()
    picture = go.Figure([go.Scatter(x=times.tolist(), y=line, showlegend=False) for line in lines])
    picture.update_layout(xaxis_title="t", yaxis_title="x"){_TAIL}"""
"""Of a run in 1D along `times`: sixty paths."""

CLOUDS = f"""{_HEAD}    from plotly.subplots import make_subplots

    picture = make_subplots(1, len(clouds), subplot_titles=list(clouds))
    for column, cloud in enumerate(clouds.values(), start=1):
        x, y = cloud.T.tolist() if cloud.shape[1] == 2 else (cloud[:, 0].tolist(), None)
        if y is None:
            picture.add_histogram(x=x, nbinsx=60, showlegend=False, row=1, col=column)
        else:
            marker = {{"size": 3}}
            picture.add_scatter(
                x=x, y=y, mode="markers", marker=marker, showlegend=False, row=1, col=column
            ){_TAIL}"""
"""Of `clouds`, title → (B, D): points in 2D, a histogram in 1D, side by side."""
