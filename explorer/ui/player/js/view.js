// Which pane the keys are for, its zoom by keys, and one pane over the whole window.

import { showKeys } from "./keys.js";

const CLOSER = 1.5; // by how much a key zooms
const SHIFT = 0.15; // how much of its axes a key moves a pane

// The pane that has had the focus or the pointer last is the chosen one. `changed` is called when
// another pane fills the window, or none does.
export function makeView(root, grid, { panes, changed }) {
  let chosen = 0;
  let filled = false;

  const at = (target) => panes().findIndex((pane) => pane.element.contains(target));
  const current = () => panes()[chosen];

  function choose({ target }) {
    const found = at(target);
    if (found >= 0 && !filled) chosen = found;
  }
  grid.addEventListener("focusin", choose);
  grid.addEventListener("pointerover", choose);
  // what lies behind must not get the focus unseen
  root.addEventListener("focusout", ({ relatedTarget }) => {
    if (filled && relatedTarget && !root.contains(relatedTarget)) fill(false);
  });

  // Puts the panes where they are due; panes may have come or gone.
  function arrange() {
    chosen = Math.max(0, Math.min(chosen, panes().length - 1));
    root.classList.toggle("dxp-filled", filled);
    panes().forEach((pane, k) => pane.place(filled, k === chosen));
    if (filled === root.matches(":popover-open")) return;
    // a popover lies over all of the page, wherever it stands in it
    root.popover = filled ? "manual" : null;
    if (filled) root.showPopover();
  }

  function fill(on, which = chosen) {
    [filled, chosen] = [on, which];
    const held = root.contains(document.activeElement);
    arrange();
    if (held) current()?.focus();
    changed();
  }

  // Another part of the axes, `ranges` of them in order x, y.
  function zoom(change) {
    const pane = current();
    if (!pane?.zoomable) return false;
    const now = pane.zoom.now();
    const [x, y] = [now.slice(0, 2), now.slice(2)].map(change);
    return pane.zoomTo([...x, ...y]);
  }

  const zoomBy = (factor) =>
    zoom(([low, high]) => {
      const [middle, half] = [(low + high) / 2, (high - low) / 2 / factor];
      return [middle - half, middle + half];
    });

  return {
    arrange,
    // The pane that fills the window, counted from 0; null where none does.
    get filling() {
      return filled ? chosen : null;
    },
    // As a link has it.
    adopt(which) {
      const on = which !== null && which < panes().length;
      if (on !== filled || (on && which !== chosen)) fill(on, on ? which : chosen);
    },
    toggle: (pane) => fill(!filled, panes().indexOf(pane)),
    // What a key or a button asks for; false where it means nothing here.
    actions: {
      keys: () => showKeys(root),
      fill: () => fill(!filled),
      leave: () => (filled ? fill(false) : false),
      next() {
        if (panes().length < 2) return false;
        const which = (chosen + 1) % panes().length;
        if (filled) return fill(true, which);
        chosen = which;
        return current().focus();
      },
      nearer: () => zoomBy(CLOSER),
      farther: () => zoomBy(1 / CLOSER),
      whole: () => (current()?.zoomable ? current().zoomTo(null) : false),
      pan: (way) =>
        zoom(([low, high], axis) => [low, high].map((end) => end + SHIFT * way[axis] * (high - low))),
    },
  };
}
