// A star that is moved: with the pointer, from anywhere in its pane, or by the arrow keys.

import { formatNumber } from "./text.js";
import { paletteColour } from "./theme.js";

const NEAR = 32; // pixels from the star within which a finger drags it, where else it scrolls
const TAP = 10; // pixels by which a finger that only taps may slip
const PAUSE = 450; // milliseconds after a key in which another may follow
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

function starPath(context, x, y, radius) {
  context.beginPath();
  for (let k = 0; k < 10; k += 1) {
    const reach = k % 2 ? 0.42 * radius : radius;
    const angle = (Math.PI * k) / 5;
    context.lineTo(x + reach * Math.sin(angle), y - reach * Math.cos(angle));
  }
  context.closePath();
}

export function handleLayer(spec) {
  function star(context, view, [x, y], scene, alpha) {
    starPath(context, view.x.shift + view.x.scale * x, view.y.shift + view.y.scale * y, spec.size / 2);
    context.globalAlpha = alpha;
    context.fillStyle = paletteColour(scene.theme, spec.colour, scene.theme.text);
    context.strokeStyle = "#000";
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.fill();
    context.stroke();
    context.globalAlpha = 1;
  }

  function draw(context, view, position, scene) {
    if (!scene.held) return star(context, view, spec.at, scene, 1);
    star(context, view, spec.at, scene, 0.3); // what the rest of the picture still belongs to
    star(context, view, scene.held, scene, 1);
    const [x, y] = scene.held;
    const place = { x: view.x.shift + view.x.scale * x, y: view.y.shift + view.y.scale * y };
    const text = [x, y].map((value) => formatNumber(value, 2)).join(", ");
    scene.label(`${spec.name} (${text})`, place);
  }

  return { front: true, draw, handle: spec };
}

// Moves the star of `handle()`, if there is one, over the axes of `view()`. `dropped` gets the place
// at which it is let go; until then, and until Python has answered, `held` says where it is.
export function makeDrag(stage, { handle, view, redraw, dropped }) {
  let held = null;
  let pressed = null; // the pointer that holds the star
  let tapped = null; // where a finger came down away from it
  let timer = 0;

  const rounded = (value, step) => Number((Math.round(value / step) * step).toFixed(6));

  // Drops the star after so many milliseconds, or not by itself.
  function wait(milliseconds = 0) {
    clearTimeout(timer);
    timer = milliseconds && setTimeout(drop, milliseconds);
  }

  function hold(place) {
    const { reach } = handle();
    held = place.map((value) => Math.min(reach, Math.max(-reach, value)));
    redraw();
  }

  function drop() {
    wait();
    if (!held || !handle()) return;
    const { at, step } = handle();
    held = held.map((value) => rounded(value, step));
    if (held.every((value, axis) => Math.abs(value - at[axis]) < step / 2)) held = null;
    else dropped(held);
    redraw();
  }

  // Pixels on the stage, and there in data units; null outside the axes or without a star.
  function read(event) {
    const axes = handle() ? view() : null;
    if (!axes || event.target.closest(".modebar")) return null;
    const box = stage.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const place = [(x - axes.x.shift) / axes.x.scale, (y - axes.y.shift) / axes.y.scale];
    const [across, up] = [x - axes.left, y - axes.top];
    const inside = across >= 0 && across <= axes.width && up >= 0 && up <= axes.height;
    const [sx, sy] = handle().at;
    const gap = Math.hypot(axes.x.scale * (sx - place[0]), axes.y.scale * (sy - place[1]));
    return { x, y, place, inside, gap };
  }

  function press(event) {
    const found = event.isPrimary && event.button === 0 ? read(event) : null;
    if (!found?.inside) return;
    if (event.pointerType === "touch" && found.gap > NEAR) {
      tapped = found;
      return;
    }
    event.preventDefault(); // no mouse event follows, so that Plotly does not zoom
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    stage.classList.add("dxp-held");
    pressed = event.pointerId;
    wait();
    hold(found.place);
  }

  function move(event) {
    if (event.pointerId !== pressed) return;
    const found = read(event);
    if (found) hold(found.place);
  }

  function release(event) {
    const found = tapped && event.type === "pointerup" ? read(event) : null;
    if (found && Math.hypot(found.x - tapped.x, found.y - tapped.y) < TAP) {
      hold(found.place);
      drop();
    }
    tapped = null;
    if (event.pointerId !== pressed) return;
    pressed = null;
    stage.classList.remove("dxp-held");
    if (event.type === "pointercancel") held = null;
    drop();
    redraw();
  }

  function key(event) {
    const way = ARROWS[event.key];
    if (!way || !handle() || event.target !== stage) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { at, step } = handle();
    const length = event.shiftKey ? 5 * step : step;
    hold((held ?? at).map((value, axis) => value + length * way[axis]));
    wait(PAUSE);
  }

  stage.addEventListener("pointerdown", press, true);
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("keydown", key);
  // a finger on the star does not scroll the page
  stage.addEventListener("touchstart", (e) => pressed !== null && e.preventDefault(), {
    capture: true,
    passive: false,
  });

  return {
    get held() {
      return held;
    },
    // Python has answered, or the layers are others: the star is where they say, unless it moves on.
    settle() {
      stage.classList.toggle("dxp-grip", Boolean(handle()));
      if (pressed === null && !timer) held = null;
    },
    destroy: () => wait(),
  };
}
