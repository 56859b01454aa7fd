// A large soft ring at the pointer over pictures, in projector mode: the hall sees what is meant.

import { make } from "./elements.js";

const PICTURES =
  '.dxp-stage, .dragcover, [data-testid="stPlotlyChart"], [data-testid="stVegaLiteChart"], [data-testid="stImage"]';

let halo = null; // there on pages in projector mode
let wanted = true; // until H is pressed

function follow(event) {
  const { target, pointerType, clientX, clientY } = event;
  const over = wanted && pointerType !== "touch" && !target.closest?.("button, .modebar");
  const picture = over ? target.closest?.(PICTURES) : null;
  halo.hidden = !picture;
  if (!picture) return;
  // a pane that fills the window covers whatever is not in it
  const home = picture.closest(".dxp") ?? document.body;
  if (halo.parentElement !== home) home.append(halo);
  halo.style.transform = `translate(${clientX}px, ${clientY}px)`;
}

function makeKey(say) {
  return (event) => {
    if (event.key.toLowerCase() !== "h" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.activeElement?.matches("input:not([type=range]), textarea, select")) return;
    wanted = !wanted;
    halo.hidden = true;
    say(wanted ? "Ring at the pointer" : "No ring at the pointer");
  };
}

let hears = null;

// Brings the ring where the page is in projector mode, and takes it away where it is not.
export function ringAtPointer(projector, say) {
  document.removeEventListener("keydown", hears);
  if (projector) {
    hears = makeKey(say);
    document.addEventListener("keydown", hears);
  }
  if (projector === Boolean(halo)) return;
  if (projector) {
    halo = make("div", "dxh-pointer", [], { "aria-hidden": "true", hidden: "" });
    document.addEventListener("pointermove", follow, { passive: true });
  } else {
    document.removeEventListener("pointermove", follow);
    halo.remove();
    halo = null;
  }
}
