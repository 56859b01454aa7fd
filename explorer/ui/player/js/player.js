// A player: panes and a control bar on one clock, and its life inside Streamlit.

import { SPEEDS, changeSpeed, hold, makeClock, pause, play, seek, step, tick } from "./clock.js";
import { dress, listenToKeys, make, makeControls } from "./controls.js";
import { decode } from "./decode.js";
import { makePane } from "./pane.js";
import { described, makePlace, recalled, recalledZoom } from "./place.js";
import { loadPlotly } from "./plotly.js";
import { makeReport } from "./report.js";
import { readTheme } from "./theme.js";
import { linkZooms } from "./zoom.js";

const MOVES = ["toggle", "start", "end", "back", "forward", "seek"]; // what changes the time
const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function makePlayer(parent) {
  let tell = () => {}; // Python
  const root = make("div", "dxp", { tabIndex: 0 });
  const grid = make("div", "dxp-grid");
  const controls = makeControls(act);
  root.append(grid, controls.bar);
  parent.append(root);

  let panes = [];
  let header = null;
  let shown = ""; // the version on show
  const zooms = linkZooms(() => panes);
  let clock = null;
  let place = null; // in the link
  let moved = false; // somebody has set the time
  let theme = null;
  let trails = null; // null until someone switches them: as the layers ask
  let frame = 0; // the pending animation frame
  let received = 0; // the number of the latest payload
  let visible = true;
  let stale = true; // something other than the clock has changed since the last painting
  let paints = 0;
  let take = ""; // which picture of a story this is
  let asked = false; // a handle was moved, and what it asks for has not come yet
  const report = makeReport(root.dataset);
  const stopKeys = listenToKeys(root, act);
  const watcher = new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    if (visible) redraw();
  });
  watcher.observe(root);

  function act(name, value) {
    if (!clock || header.options.still) return;
    const { steps } = header.clock;
    const actions = {
      toggle: () => (clock.playing ? hold(clock) : play(clock)),
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
    moved ||= MOVES.includes(name);
    place.touch();
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
    const { position: before, playing } = clock;
    tick(clock, now);
    if (stale || clock.position !== before) paint(); // a loop lingers at its end
    if (playing && !clock.playing) place.touch();
    report(now, clock, header.clock.steps, paints);
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

  function zoomed(source) {
    place.touch();
    zooms.follow(source);
  }

  function dropped(point) {
    asked = true;
    tell(point);
  }

  function arrange(count) {
    while (panes.length > count) panes.pop().destroy();
    while (panes.length < count) {
      const pane = makePane({ redraw, zoomed, dropped }, header.options);
      panes.push(pane);
      grid.append(pane.element);
    }
    dress(root, controls.bar, header.options, count);
  }

  function startClock({ options }) {
    place ??= makePlace(options.key, {
      describe: () => shown && described(clock, header.options, { moved, trails, panes }),
      adopt,
    });
    const link = recalled(place, SPEEDS);
    clock = makeClock({ ...options, loop: link.loop ?? options.loop });
    clock.speed = link.speed ?? 1;
    trails = link.trails;
    moved = link.at !== null;
    if (moved) seek(clock, link.at);
    else if (options.autoplay && !prefersStill()) play(clock);
  }

  // The link is another one: what it says holds, and `anew` what the page says where it does not.
  async function adopt(anew) {
    if (!shown) return;
    const { position, playing } = clock;
    startClock(header);
    if (!moved && !anew) Object.assign(clock, { position, playing });
    await zoomAsLinked();
    redraw();
  }

  function zoomAsLinked() {
    return zooms.set(panes.map((pane, k) => [pane, recalledZoom(place, panes, k)]));
  }

  async function receive(payload, send) {
    tell = send;
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
    // a story has come to another picture: it is played from its start, like a new one
    const turned = document.querySelector("[data-take]")?.dataset.take ?? "";
    if (!clock || turned !== take) startClock(next);
    take = turned;
    clock.seconds = next.options.seconds;
    arrange(next.panes.length);
    controls.reserve(next.clock);
    if (!root.dataset.ready && !location.search.includes(`${next.options.key}.zoom`)) {
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
    if (!shown) await zoomAsLinked();
    if (mine !== received) return;
    shown = next.version;
    place.touch(); // other axes end a zoom
    if (asked && !prefersStill()) {
      seek(clock, 0); // what was asked for is played from its start
      play(clock);
    }
    asked = false;
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
    place?.destroy();
    panes.forEach((pane) => pane.destroy());
    panes = [];
    root.remove();
  }

  return { receive, fail, destroy };
}

const players = new WeakMap(); // by the element that Streamlit gives each instance

// Called at first, at each new payload and at each change of theme. The clean-up also runs when a
// newer call overtakes this one, so it ends the player only once its element has left the page.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!players.has(parentElement)) players.set(parentElement, makePlayer(parentElement));
  const player = players.get(parentElement);
  const send = (place) => setTriggerValue("dropped", place);
  player.receive(data, send).catch((error) => {
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
