// A player: panes and a control bar on one clock, and its life inside Streamlit.

import { changeSpeed, makeClock, pause, play, seek, step, tick } from "./clock.js";
import { listenToKeys, make, makeControls } from "./controls.js";
import { decode } from "./decode.js";
import { makePane } from "./pane.js";
import { loadPlotly } from "./plotly.js";
import { readTheme } from "./theme.js";

const FPS_WINDOW = 500; // milliseconds

function makePlayer(parent) {
  const root = make("div", "dxp", { tabIndex: 0 });
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", "Animation; space plays, arrow keys step");
  const grid = make("div", "dxp-grid");
  const controls = makeControls(act);
  root.append(grid, controls.bar);
  parent.append(root);

  let panes = [];
  let header = null;
  let shown = ""; // the version on show
  let linking = false; // while panes take over each other's zoom
  let clock = null;
  let theme = null;
  let trails = null; // null until someone switches them: as the layers ask
  let frame = 0; // the pending animation frame
  let received = 0; // the number of the latest payload
  let visible = true;
  let stale = true; // something other than the clock has changed since the last painting
  let paints = 0;
  let counting = { since: 0, paints: 0 };
  const stopKeys = listenToKeys(root, act);
  const watcher = new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    if (visible) redraw();
  });
  watcher.observe(root);

  function act(name, value) {
    if (!clock) return;
    const { steps } = header.clock;
    const actions = {
      toggle: () => (clock.playing ? pause(clock) : play(clock)),
      start: () => seek(clock, 0),
      end: () => (pause(clock), seek(clock, 1)),
      back: () => step(clock, -1, steps),
      forward: () => step(clock, 1, steps),
      seek: () => (pause(clock), seek(clock, value)),
      slower: () => changeSpeed(clock, -1),
      faster: () => changeSpeed(clock, 1),
      speed: () => (clock.speed = value),
      loop: () => (clock.loop = !clock.loop),
      trails: () => (trails = !trailsShown()),
    };
    actions[name]();
    redraw();
  }

  function trailsShown() {
    return trails ?? panes.some((pane) => pane.trailed);
  }

  function redraw() {
    stale = true;
    schedule();
  }

  function schedule() {
    if (frame === 0 && root.dataset.ready) frame = requestAnimationFrame(render);
  }

  function render(now) {
    frame = 0;
    if (!root.isConnected) return;
    const before = clock.position;
    tick(clock, now);
    if (stale || clock.position !== before) paint(); // a loop lingers at its end
    report(now);
    if (clock.playing && visible) schedule();
  }

  function paint() {
    stale = !visible;
    if (visible) {
      panes.forEach((pane) => pane.draw(clock.position, { theme, trails }));
      paints += 1;
    }
    controls.show(
      { ...clock, trails: trailsShown(), hasTrails: panes.some((pane) => pane.hasTrails) },
      header.clock,
    );
  }

  // What tests and benchmarks read off the page.
  function report(now) {
    const { dataset } = root;
    dataset.position = clock.position.toFixed(4);
    dataset.frame = Math.round(clock.position * header.clock.steps);
    dataset.playing = clock.playing ? "1" : "0";
    dataset.paints = paints;
    const elapsed = now - counting.since;
    if (elapsed < FPS_WINDOW) return;
    if (elapsed < 3 * FPS_WINDOW) {
      dataset.fps = ((1000 * (paints - counting.paints)) / elapsed).toFixed(1);
    }
    counting = { since: now, paints };
  }

  // Hands a pane's ranges on to those linked with it, one pass at a time: panes of other
  // proportions may settle for other ranges, and must not answer back.
  async function zoomed(source) {
    if (linking || !source.link) return;
    linking = true;
    const peers = panes.filter((pane) => pane !== source && pane.link === source.link);
    const wanted = source.ranges();
    await Promise.all(peers.map((pane) => pane.zoomTo(wanted)));
    linking = false;
  }

  function arrange(count) {
    while (panes.length > count) panes.pop().destroy();
    while (panes.length < count) {
      const pane = makePane({ redraw, zoomed });
      panes.push(pane);
      grid.append(pane.element);
    }
    const { height, columns } = header.options;
    root.style.setProperty("--dxp-height", `${height}px`);
    root.style.setProperty("--dxp-columns", Math.min(columns, count));
  }

  function startClock({ options }) {
    clock = makeClock(options);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (options.autoplay && !still) play(clock);
  }

  async function receive(payload) {
    received += 1;
    const mine = received;
    performance.mark("player:data");
    const next = await decode(payload);
    if (mine !== received) return;
    if (next.version === shown) return retheme();
    await show(next, mine, payload.byteLength);
  }

  async function show(next, mine, size) {
    header = next;
    theme = readTheme(parent, header.options.palette);
    if (!clock) startClock(next);
    clock.seconds = next.options.seconds;
    arrange(next.panes.length);
    controls.reserve(next.clock);
    if (!root.dataset.ready) {
      panes.forEach((pane, k) => pane.preview(next.panes[k], theme));
      paint();
      performance.mark("player:preview");
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser show it first
    }
    const Plotly = await loadPlotly(next.options.plotly, next.options.base);
    if (mine !== received || !root.isConnected) return;
    await Promise.all(panes.map((pane, k) => pane.setFigure(Plotly, next.panes[k], theme)));
    if (mine !== received) return;
    panes.forEach((pane) => pane.setLayers(theme));
    shown = next.version;
    root.dataset.ready = "1";
    cancelAnimationFrame(frame);
    stale = true;
    render(performance.now());
    root.dataset.version = shown;
    root.dataset.bytes = size;
    performance.mark("player:picture");
  }

  // Runs of the script that change nothing come by here too.
  async function retheme() {
    const now = readTheme(parent, header.options.palette);
    if (JSON.stringify(now) === JSON.stringify(theme)) return;
    theme = now;
    await Promise.all(panes.map((pane) => pane.retheme(theme)));
    redraw();
  }

  function fail(error) {
    root.dataset.error = error.message;
    grid.replaceChildren(make("p", "dxp-note", { textContent: `No picture: ${error.message}` }));
  }

  function destroy() {
    received += 1;
    cancelAnimationFrame(frame);
    watcher.disconnect();
    stopKeys();
    panes.forEach((pane) => pane.destroy());
    panes = [];
    root.remove();
  }

  return { receive, fail, destroy };
}

const players = new WeakMap(); // by the element that Streamlit gives each instance

// Called at first, at each new payload and at each change of theme. The clean-up also runs when a
// newer call overtakes this one, so it ends the player only once its element has left the page.
export default function ({ data, parentElement }) {
  if (!players.has(parentElement)) players.set(parentElement, makePlayer(parentElement));
  const player = players.get(parentElement);
  player.receive(data).catch((error) => {
    player.fail(error);
    throw error;
  });
  return () =>
    setTimeout(() => {
      if (parentElement.isConnected || players.get(parentElement) !== player) return;
      players.delete(parentElement);
      player.destroy();
    });
}
