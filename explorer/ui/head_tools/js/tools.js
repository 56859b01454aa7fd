// The row of tools in a page's head.

import { showCode } from "./code.js";
import { copyLink } from "./copying.js";
import { button, make, turnTo } from "./elements.js";
import { reachAll } from "./reach.js";
import { ringAtPointer } from "./ring.js";
import { continueTour, endTour, invitation, startTour } from "./tour.js";

const SAID = 2000; // milliseconds that a confirmation stays

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}

function makeTools(parent) {
  const root = make("div", "dxh");
  const row = make("div", "dxh-row", [], { role: "toolbar", "aria-label": "Page tools" });
  const status = make("span", "dxh-status", [], { role: "status", "aria-live": "polite" });
  const tools = { root, said: {}, reset: () => {} };
  let timer = 0;

  function say(text) {
    clearTimeout(timer);
    status.textContent = text;
    timer = setTimeout(() => (status.textContent = ""), SAID);
  }

  const actions = {
    copy: ["link", "Copy link", () => copyLink(root, say)],
    code: ["qr_code_2", "QR code", () => showCode(root, tools.said)],
    reset: ["restart_alt", "Reset page", () => {
      window.dispatchEvent(new Event("explorer:reset"));
      tools.reset();
      say("Page reset");
    }],
    full: ["fullscreen", "Full screen", fullScreen],
    tour: ["tour", "Tour", () => startTour(root, tools.said.base)],
  };
  if (!document.fullscreenEnabled) delete actions.full;
  for (const [name, [picture, label, pressed]] of Object.entries(actions)) {
    const element = button("dxh-tool", picture, label, pressed);
    element.dataset.tool = name;
    row.append(element);
  }
  root.append(status, row);
  parent.append(root);

  tools.show = (said) => {
    tools.said = said;
    const tour = !said.projector;
    row.querySelector('[data-tool="tour"]').hidden = !tour;
    ringAtPointer(said.projector, say);
    root.querySelector(".dxh-invitation")?.remove();
    const invited = tour && said.home && !location.search && invitation(root, said.base);
    if (invited) root.prepend(invited);
    if (tour) continueTour(root, said.base);
    else endTour();
  };
  return tools;
}

function markFullScreen() {
  const on = Boolean(document.fullscreenElement);
  for (const element of document.querySelectorAll('.dxh-tool[data-tool="full"]')) {
    const label = on ? "Leave full screen" : "Full screen";
    element.setAttribute("aria-label", label);
    element.querySelector(".dxh-icon").textContent = on ? "fullscreen_exit" : "fullscreen";
    element.querySelector(".dxh-label").textContent = label;
  }
}
document.addEventListener("fullscreenchange", markFullScreen);

// Streamlit opens every link of a text in another tab, with the whole app anew. Those of the
// glossary lead to pages of this very app.
function followInside(event) {
  const link = event.target.closest?.('.st-key-glossary a[href^="/"]');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  turnTo(link.href);
}
document.addEventListener("click", followInside);

reachAll();

const made = new WeakMap(); // by the element that Streamlit gives each page's head
const shown = new WeakMap(); // what each shows; runs of the script mostly change nothing

export default function ({ data, parentElement, setTriggerValue }) {
  if (!made.has(parentElement)) made.set(parentElement, makeTools(parentElement));
  const tools = made.get(parentElement);
  tools.reset = () => setTriggerValue("reset", true);
  const text = new TextDecoder().decode(data);
  if (shown.get(parentElement) === text) return;
  shown.set(parentElement, text);
  tools.show(JSON.parse(text));
  markFullScreen();
}
