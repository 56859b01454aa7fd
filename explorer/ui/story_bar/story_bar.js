// The panel of a story: where one is, back and next, the choices of a question, the code behind.
// It moves by opening links, for a link sets a page and all its controls at once.

// Streamlit turns to another page when the browser's history does.
function go(href) {
  if (new URL(href, location.href).href === location.href) return;
  history.pushState({}, "", href);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
}

// The page as the reader has set it, with this answer to the question.
function hereWith(answer) {
  const here = new URL(location.href);
  here.searchParams.set("answer", answer);
  return here.pathname + here.search;
}

function hereWithout() {
  const here = new URL(location.href);
  for (const key of ["story", "step", "answer"]) here.searchParams.delete(key);
  return here.pathname + here.search;
}

function make(tag, className, children = [], attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The font of icons comes with Streamlit.
const icon = (name) => make("span", "dxs-icon", [name], { "aria-hidden": "true", translate: "no" });

// `href` is a link, or a function that says where it leads at the moment of the click.
function link(href, className, children, attributes = {}) {
  const where = typeof href === "function" ? href : () => href;
  const a = make("a", className, children, { href: where(), ...attributes });
  a.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(where());
  });
  return a;
}

const nextOf = (said) => said.next || (() => hereWith(0));
const answerOf = (said, k) => said.answers[k] || (() => hereWith(k));
const place = (href) => (typeof href === "function" ? href() : href);

function walk(said) {
  const last = said.steps.length;
  const dots = said.steps.map((step, k) => {
    const label = `Step ${k + 1} of ${last}: ${step.title}`;
    const dot = link(step.link, "dxs-dot", [], { title: label, "aria-label": label });
    if (k + 1 === said.number) dot.setAttribute("aria-current", "step");
    if (k + 1 < said.number) dot.classList.add("dxs-past");
    return make("li", "", [dot]);
  });
  const back = said.back
    ? link(said.back, "dxs-back", [icon("arrow_back")], {
        "aria-label": "Back",
        title: "Back (← or Page up)",
      })
    : make("span", "dxs-back dxs-off", [icon("arrow_back")]);
  const onward = link(nextOf(said), "dxs-next", [said.onward, icon("arrow_forward")], {
    title: "→ or Page down",
  });
  const count = make("span", "dxs-count", [`${said.number} of ${last}`]);
  return make("div", "dxs-walk", [back, make("ol", "dxs-dots", dots), count, onward]);
}

function choices(said) {
  const items = said.choices.map((text, k) => {
    const number = k + 1;
    const mark = make("span", "dxs-mark", ["ABCDE"[k]]);
    if (!said.right) {
      return make("li", "", [link(answerOf(said, number), "dxs-choice", [mark, text])]);
    }
    const right = number === said.right;
    const wrong = !right && number === said.answer;
    const box = make("div", "dxs-choice dxs-told", [mark, text]);
    if (right) box.append(make("span", "dxs-sign", [icon("check")], { title: "Right" }));
    if (wrong) box.append(make("span", "dxs-sign", [icon("close")], { title: "Your answer" }));
    box.classList.add(right ? "dxs-right" : wrong ? "dxs-wrong" : "dxs-other");
    return make("li", "", [box]);
  });
  return make("ol", "dxs-choices", items);
}

function code({ name, source }) {
  const short = name.split(".").slice(-2).join(".");
  return make("details", "dxs-code", [
    make("summary", "", [icon("code"), short], { title: name }),
    make("pre", "", [source], { tabindex: "0" }),
  ]);
}

function bar(said) {
  const head = make("div", "dxs-head", [
    make("span", "dxs-title", [said.title]),
    link(said.again, "dxs-small", [icon("restart_alt")], {
      title: "Set the page as this step wants it",
      "aria-label": "Set the page as this step wants it",
    }),
    link(hereWithout, "dxs-small", [icon("close")], {
      title: "End the story and stay on this page",
      "aria-label": "End the story",
    }),
  ]);
  const parts = [head, walk(said)];
  if (said.away) parts.push(link(said.again, "dxs-return", [icon("undo"), "To this step's page"]));
  if (said.choices) parts.push(choices(said));
  if (said.code) parts.push(code(said.code));
  return make("section", "", parts, { "aria-label": `Story: ${said.title}` });
}

function cards(said) {
  const items = said.cards.map((card) =>
    make("li", "", [
      link(card.link, "dxs-card", [
        make("h2", "", [card.title]),
        make("p", "", [card.subject]),
        make("p", "dxs-facts", [card.facts]),
      ]),
    ]),
  );
  return make("ul", "dxs-cards", items);
}

let current = null; // the bar on show and what it says, for the keys

const WRITING =
  "textarea, [contenteditable], input[aria-expanded=true], [role=listbox], [role=grid], .dxs-code pre";
const ARROWS = "input, select, [role=slider], [role=radio], [role=radiogroup], [role=tab], .dxp";

// Arrows and digits are left to what has the focus, if it wants them for itself. A clicker's Page up
// and Page down are not: a hand that has just let go of a slider expects them to lead on.
function onKey(event) {
  if (!current?.root.isConnected || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const { activeElement: active } = document;
  const paging = event.key === "PageDown" || event.key === "PageUp";
  if (document.querySelector('[role="dialog"]') || active?.closest(WRITING)) return;
  if (!paging && active?.closest(ARROWS)) return;
  const { said } = current;
  const number = "12345".indexOf(event.key) + 1;
  let target = "";
  if (event.key === "PageDown" || event.key === "ArrowRight") target = place(nextOf(said));
  if (event.key === "PageUp" || event.key === "ArrowLeft") target = said.back;
  if (number && !said.right && number <= (said.choices?.length ?? 0)) {
    target = place(answerOf(said, number));
  }
  if (!target) return;
  event.preventDefault();
  event.stopPropagation();
  go(target);
}
window.addEventListener("keydown", onKey, true);

const drawn = new WeakMap(); // what each element shows; runs of the script mostly change nothing

export default function ({ data, parentElement }) {
  const text = new TextDecoder().decode(data);
  const there = parentElement.querySelector(".dxs");
  if (there && drawn.get(parentElement) === text) return;
  drawn.set(parentElement, text);
  const said = JSON.parse(text);
  const root = said.kind === "bar" ? bar(said) : cards(said);
  root.classList.add("dxs");
  if (said.kind === "bar") {
    root.dataset.place = said.place;
    root.dataset.take = said.take; // a player that sees another one starts over
    current = { root, said };
  }
  there?.remove();
  parentElement.append(root);
}
