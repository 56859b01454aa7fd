// What a player has of its own in the link: where it stands, how fast it goes, what it shows.
//
// `race.at=0.37&race.speed=2&race.zoom1=-1_2_-1_2`: each parameter goes by the player's key, so that
// it means nothing on another page, and a default stays out. The link is replaced without a run of
// the page. Streamlit writes the link as its server knows it, without what has changed here since;
// it is put right again after that.

const REST = 250; // milliseconds without a change before the link is written
const OWN = /^(at|speed|loop|trails|pane|zoom\d+)$/; // a page's controls may begin with the same key

// The numbers in a text such as "0.25" or "-1_2.5e-3_0_1"; null unless there are `count` of them.
export function numbersIn(text, count) {
  const parts = (text ?? "").split("_");
  if (parts.length !== count) return null;
  const plain = parts.every((part) => /^-?\d{1,12}(\.\d{1,12})?(e[-+]?\d{1,2})?$/.test(part));
  const values = parts.map(Number);
  return plain && values.every(Number.isFinite) ? values : null;
}

// A pane's ranges, to a hundred-thousandth of their span.
export function rangesText(ranges) {
  const rounded = (value, span) => {
    const digits = Math.ceil(5 - Math.log10(Math.abs(span)));
    return String(Number(value.toFixed(Math.min(20, Math.max(0, digits)))));
  };
  return ranges.map((value, k) => rounded(value, ranges[k | 1] - ranges[k & ~1])).join("_");
}

// What a player says of itself, name → text, without what a page gives anyway. An animation that has
// merely played says nothing of its time: opened again it plays.
export function described(clock, options, { moved, trails, panes, filling }) {
  const said = {};
  const usual = !options.autoplay && clock.position === options.position;
  if (moved && !clock.playing && !usual) said.at = String(Number(clock.position.toFixed(6)));
  if (clock.speed !== 1) said.speed = String(clock.speed);
  if (clock.loop !== options.loop) said.loop = clock.loop ? "1" : "0";
  if (trails !== null) said.trails = trails ? "1" : "0";
  if (filling !== null) said.pane = String(filling + 1);
  const zooms = panes.map((pane) => pane.zoom.chosen && rangesText(pane.zoom.chosen));
  panes.forEach((pane, k) => {
    const first = leader(panes, k);
    if (zooms[k] && (k === first || zooms[k] !== zooms[first])) said[`zoom${k + 1}`] = zooms[k];
  });
  return said;
}

// The same read from the link; null where it has nothing usable.
export function recalled(place, speeds) {
  const flag = (name) => ({ 0: false, 1: true })[place.read(name)] ?? null;
  const at = numbersIn(place.read("at"), 1)?.[0] ?? -1;
  const pane = place.read("pane") ?? "";
  return {
    at: at >= 0 && at <= 1 ? at : null,
    speed: speeds.find((speed) => String(speed) === place.read("speed")) ?? null,
    loop: flag("loop"),
    trails: flag("trails"),
    filling: /^[1-9]\d?$/.test(pane) ? Number(pane) - 1 : null,
  };
}

// The ranges that the link has for a pane: its own, or those of the first one it is linked with.
export function recalledZoom(place, panes, k) {
  const texts = [k, leader(panes, k)].map((which) => place.read(`zoom${which + 1}`));
  const ranges = numbersIn(texts[0] ?? texts[1], 4);
  const { home } = panes[k].zoom;
  const fits = (low, high, from, to) => {
    const share = (high - low) / (to - from);
    return share > 1e-4 && share < 100 && Math.abs(low - from) < 100 * Math.abs(to - from);
  };
  const [x0, x1, y0, y1] = ranges ?? [];
  return ranges && fits(x0, x1, home[0], home[1]) && fits(y0, y1, home[2], home[3]) ? ranges : null;
}

function leader(panes, k) {
  const { link } = panes[k];
  return link ? panes.findIndex((pane) => pane.link === link) : k;
}

const live = new Map(); // key → the place of the player that goes by it

// describe: gives the parameters as they are due, or null as long as nothing is shown.
// adopt: called when the browser has gone to another link of this page, and, with true, when
// everything is to be as the page has it.
export function makePlace(key, { describe, adopt }) {
  const prefix = `${key}.`;
  const page = location.pathname;
  let timer = 0;

  const mine = (name) => name.startsWith(prefix) && OWN.test(name.slice(prefix.length));

  function rest() {
    clearTimeout(timer);
    timer = 0;
  }

  function put(wanted) {
    if (!wanted || location.pathname !== page) return; // the link is another page's
    const url = new URL(location.href);
    const kept = [...url.searchParams].filter(([name]) => mine(name));
    const due = Object.entries(wanted).map(([name, text]) => [prefix + name, text]);
    if (JSON.stringify(kept) === JSON.stringify(due)) return;
    for (const [name] of kept) url.searchParams.delete(name);
    for (const [name, text] of due) url.searchParams.append(name, text);
    history.replaceState(history.state, "", url);
  }

  function write() {
    rest();
    put(describe());
  }

  // Something has changed; the link follows once it has come to rest.
  function touch() {
    rest();
    timer = setTimeout(write, REST);
  }

  const listeners = [
    // whoever is about to read the link asks for it to be right at once
    [window, "explorer:link", write],
    [window, "explorer:reset", () => (rest(), put({}), adopt(true))],
    [window, "popstate", () => (rest(), location.pathname === page && adopt(false))],
    // Streamlit has written the link, perhaps without what has changed here
    [window.navigation, "currententrychange", ({ navigationType }) => {
      if (navigationType !== "traverse" && !timer) touch();
    }],
  ];
  for (const [target, name, heard] of listeners) target?.addEventListener(name, heard);

  const place = {
    read: (name) => new URLSearchParams(location.search).get(prefix + name),
    touch,
    destroy() {
      rest();
      for (const [target, name, heard] of listeners) target?.removeEventListener(name, heard);
      if (live.get(key) === place) live.delete(key);
      // where the page stays, its link is rid of a picture that has gone for good
      if (location.pathname === page) setTimeout(() => live.has(key) || put({}), 1000);
    },
  };
  live.set(key, place);
  return place;
}
