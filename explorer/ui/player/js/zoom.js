// Which part of its axes a pane shows, and panes that show the same part.

// Whether two sets of ranges differ by less than an eye sees.
function near(one, other) {
  const span = (k) => Math.abs(one[k | 1] - one[k & ~1]);
  return one.every((value, k) => Math.abs(value - other[k]) < 2e-3 * span(k));
}

// The ranges [x0, x1, y0, y1] of a drawn figure: `home` as the figure itself asks for them, `chosen`
// where somebody has zoomed or panned away from there, else null.
export function makeZoom(plot) {
  const now = () => {
    const { xaxis, yaxis } = plot._fullLayout;
    return [...xaxis.range, ...yaxis.range];
  };
  const zoom = {
    now,
    home: null,
    chosen: null,
    moved() {
      zoom.chosen = near(now(), zoom.home) ? null : now();
    },
    // Drawn anew. Plotly keeps a choice, unless the figure asks for other axes than before.
    drawn() {
      if (zoom.chosen && String(zoom.chosen) === String(now())) return;
      Object.assign(zoom, { home: now(), chosen: null });
    },
    // Another stage has other proportions, and these bring other ranges.
    resized() {
      zoom[zoom.chosen ? "chosen" : "home"] = now();
    },
    // Takes over another pane's ranges, or those at home, unless they are there already.
    to(Plotly, wanted) {
      const [x0, x1, y0, y1] = wanted ?? zoom.home;
      if (String(now()) === String([x0, x1, y0, y1])) return null;
      return Plotly.relayout(plot, { "xaxis.range": [x0, x1], "yaxis.range": [y0, y1] });
    },
  };
  return zoom;
}

// Keeps the zoom of linked panes together, one pass at a time: panes of other proportions may settle
// for other ranges, and must not answer back.
export function linkZooms(panes) {
  let busy = false;

  async function set(wanted) {
    busy = true;
    await Promise.all([...wanted].map(([pane, ranges]) => pane.zoomTo(ranges)));
    busy = false;
  }

  return {
    set,
    follow(source) {
      if (busy || !source.link) return null;
      const peers = panes().filter((pane) => pane !== source && pane.link === source.link);
      return set(peers.map((pane) => [pane, source.zoom.now()]));
    },
  };
}
