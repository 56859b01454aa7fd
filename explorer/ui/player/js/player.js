// A player: panes and a control bar on one clock, and its life inside Streamlit.

import { ASKED, MOVES, SPEEDS, makeClock, play, seek, tick } from "./clock.js";
import { clockText, dress, make, makeControls } from "./controls.js";
import { decode } from "./decode.js";
import { headerOf } from "./header.js";
import { listenToKeys } from "./keys.js";
import { makePane } from "./pane.js";
import { described, makePlace, recalled, recalledZoom } from "./place.js";
import { loadPlotly } from "./plotly.js";
import { makeReport } from "./report.js";
import { prefersStill, readTheme } from "./theme.js";
import { makeView } from "./view.js";
import { makeVoice, outcome } from "./words.js";
import { linkZooms } from "./zoom.js";

function makePlayer(parent) {
  let tell = () => {}; // Python
  const root = make("div", "dxp", { tabIndex: -1 });
  const grid = make("div", "dxp-grid");
  const controls = makeControls(act);
  root.append(grid, controls.bar);
  parent.append(root);
  const say = makeVoice(root);
  const view = makeView(root, grid, { panes: () => panes, changed: () => place?.touch() });

  const panes = [];
  let header = null;
  let [shown, latest] = ["", ""]; // the versions on show, and that came last: still to be drawn
  const zooms = linkZooms(() => panes);
  let [clock, place] = [null, null]; // place: in the link
  let [moved, theme] = [false, null]; // moved: somebody has set the time
  let trails = null; // null until someone switches them: as the layers ask
  let [frame, received] = [0, 0]; // the pending animation frame; the number of the latest payload
  let visible = true;
  let [stale, paints] = [true, 0]; // stale: more than the clock has changed since the last painting
  let [take, link] = ["", null]; // which picture of a story this is; what the link says of it
  let asked = false; // a handle was moved, and what it asks for has not come yet
  const report = makeReport(root.dataset);
  const stopKeys = listenToKeys(root, act);
  const watcher = new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    if (visible) redraw();
  });
  watcher.observe(root);

  function act(name, value) {
    if (!clock) return false;
    if (view.actions[name]) return view.actions[name](value);
    if (header.options.still) return false;
    if (name === "trails") trails = !trailsShown();
    else ASKED[name](clock, header.clock.steps, value);
    moved ||= MOVES.includes(name);
    if (name !== "seek") say(outcome(name, clock, clockText(header.clock, clock.position)));
    place.touch();
    redraw();
    return true;
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
    if (playing && !clock.playing) {
      place.touch();
      say(clockText(header.clock, clock.position));
    }
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
    if (!panes.length) grid.replaceChildren(); // a failure's words
    while (panes.length > count) panes.pop().destroy();
    while (panes.length < count) {
      panes.push(makePane({ redraw, zoomed, dropped, filled: view.toggle }, header.options));
      grid.append(panes.at(-1).element);
    }
    dress(root, controls.bar, header.options, count);
    view.arrange();
  }

  function startClock({ options }) {
    place ??= makePlace(options.key, {
      describe: () => shown && described(clock, header.options, { moved, trails, panes, filling: view.filling }),
      adopt,
    });
    link = recalled(place, SPEEDS);
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
    view.adopt(link.filling);
    await zoomAsLinked();
    redraw();
  }

  function zoomAsLinked() {
    return zooms.set(panes.map((pane, k) => [pane, recalledZoom(place, panes, k)]));
  }

  // What is being drawn is not begun anew: a page that runs again and again would never see its end.
  async function receive(payload, send, library) {
    tell = send;
    const given = headerOf(payload);
    if (given.version === latest) return shown === latest && retheme();
    latest = given.version;
    performance.mark("player:data");
    const mine = (received += 1);
    if (!header) arrange((header = given).panes.length); // its room at once: what is below moves once
    const next = await decode(payload, given);
    if (mine === received) await show(next, mine, payload.byteLength, library);
  }

  async function show(next, mine, size, library) {
    header = next;
    theme = readTheme(parent, header.options.palette);
    // a story has come to another picture: it is played from its start, like a new one
    const turned = document.querySelector("[data-take]")?.dataset.take ?? "";
    if (!clock || turned !== take) startClock(next);
    take = turned;
    clock.seconds = next.options.seconds;
    arrange(next.panes.length);
    if (!shown) view.adopt(link.filling);
    controls.reserve(next.clock);
    if (!root.dataset.ready && !location.search.includes(`${next.options.key}.zoom`)) {
      panes.forEach((pane, k) => pane.preview(next.panes[k], theme));
      paint();
      performance.mark("player:preview");
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser show it first
    }
    const Plotly = await loadPlotly(next.options.plotly, next.options.base, library);
    if (mine !== received) return;
    await Promise.all(panes.map((pane, k) => pane.setFigure(Plotly, next.panes[k], theme)));
    if (mine !== received) return;
    panes.forEach((pane) => pane.setLayers(theme));
    if (!shown) await zoomAsLinked();
    if (mine !== received) return;
    shown = next.version;
    place.touch(); // other axes end a zoom
    if (asked && !next.options.still && !prefersStill()) {
      seek(clock, 0); // what was asked for is played from its start
      play(clock);
    }
    asked = false;
    root.dataset.ready = "1";
    cancelAnimationFrame(frame);
    stale = true;
    render(performance.now());
    Object.assign(root.dataset, { version: shown, bytes: size });
    performance.mark("player:picture");
    await retheme(); // as it may have changed meanwhile
  }

  // Runs of the script that change nothing come by here too.
  async function retheme() {
    const before = JSON.stringify(theme);
    theme = readTheme(parent, header.options.palette);
    if (JSON.stringify(theme) === before) return;
    await Promise.all(panes.map((pane) => pane.retheme(theme)));
    redraw();
  }

  function fail(error) {
    latest = ""; // the same may come again
    panes.splice(0).forEach((pane) => pane.destroy());
    root.dataset.error = error.message;
    grid.replaceChildren(make("p", "dxp-note", { textContent: `No picture: ${error.message}` }));
  }

  function destroy() {
    received += 1;
    cancelAnimationFrame(frame);
    watcher.disconnect();
    stopKeys();
    place?.destroy();
    panes.splice(0).forEach((pane) => pane.destroy());
    root.remove();
  }

  return { receive, fail, destroy };
}

const players = new WeakMap(); // by the element that Streamlit gives each instance

// Called at first, at each new payload and at each change of theme. The clean-up also runs when a
// newer call overtakes this one, so it ends the player only once its element has left the page.
// library: the promise of plotly.js's address, of the first call.
export default function ({ data, parentElement, setTriggerValue, library }) {
  if (!players.has(parentElement)) players.set(parentElement, makePlayer(parentElement));
  const player = players.get(parentElement);
  const send = (place) => setTriggerValue("dropped", place);
  player.receive(data, send, library).catch((error) => {
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
