// The menu and the home page's cards. One element each: a page link of Streamlit's own for every
// page, drawn anew in every run, costs more than all controls of a page together.

// Streamlit turns to another page when the browser's history does.
function go(event) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState({}, "", event.currentTarget.href);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  window.scrollTo(0, 0);
}

function make(tag, className, children = [], attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function link(page, base, className, children) {
  const a = make("a", className, children, { href: base + page.path });
  a.addEventListener("click", go);
  return a;
}

// The font of icons comes with Streamlit.
const icon = (name) => make("span", "dxn-icon", [name], { "aria-hidden": "true", translate: "no" });

function menu({ sections, current, base, brand, icon: picture }) {
  const inside = ({ pages }) => pages.some((page) => page.path === current);
  const everywhere = !sections.some((section) => section.name && inside(section));
  const parts = sections.map((section) => {
    const items = section.pages.map((page) => {
      const a = link(page, base, "dxn-link", [icon(page.icon), page.title]);
      if (page.path === current) a.setAttribute("aria-current", "page");
      return make("li", "", [a]);
    });
    const list = make("ul", "", items);
    if (!section.name) return list;
    const group = make("details", "", [make("summary", "", [section.name]), list]);
    group.open = everywhere || inside(section);
    if (!everywhere) group.setAttribute("name", "dxn-sections"); // one open at a time
    return group;
  });
  const nav = make("nav", "dxn-menu", parts, { "aria-label": "Pages" });
  if (!brand) return nav;
  const image = make("img", "", [], { src: picture, alt: "", width: 26, height: 26 });
  return make("div", "", [make("div", "dxn-brand", [image, brand]), nav]);
}

function cards({ sections, base }) {
  const items = sections.flatMap((section) => section.pages.map((page) => {
    const picture = make("div", "dxn-picture", [], { "aria-hidden": "true" });
    picture.innerHTML = page.svg; // drawn by explorer/ui/thumbnails
    const over = make("div", "dxn-over", [section.name || "Start here"]);
    const title = make("div", "dxn-title", [icon(page.icon), page.title]);
    const a = link(page, base, "dxn-card", [picture, over, title, make("p", "", [page.line])]);
    a.dataset.card = page.card;
    return make("li", "", [a]);
  }));
  return make("div", "dxn-cards", [make("ul", "", items)]);
}

const drawn = new WeakMap(); // what each element shows; runs of the script mostly change nothing

export default function ({ data, parentElement }) {
  const text = new TextDecoder().decode(data);
  if (drawn.get(parentElement) === text && parentElement.querySelector(".dxn")) return;
  drawn.set(parentElement, text);
  const said = JSON.parse(text);
  const shown = said.kind === "menu" ? menu(said) : cards(said);
  shown.classList.add("dxn");
  parentElement.querySelector(".dxn")?.remove();
  parentElement.append(shown);
}
