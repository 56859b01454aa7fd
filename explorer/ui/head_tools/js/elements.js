// Small parts that the tools are made of.

export function make(tag, className, children = [], attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The font of icons comes with Streamlit.
export const icon = (name) => make("span", "dxh-icon", [name], { "aria-hidden": "true", translate: "no" });

export function button(className, name, label, pressed) {
  const element = make("button", className, [icon(name), make("span", "dxh-label", [label])], {
    type: "button",
    "aria-label": label,
  });
  element.addEventListener("click", pressed);
  return element;
}

// The page's link, after whoever has a word in it has said it.
export function linkNow() {
  window.dispatchEvent(new Event("explorer:link"));
  return location.href;
}

// Streamlit turns to another page when the browser's history does.
export function turnTo(link) {
  history.pushState({}, "", link);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  window.scrollTo(0, 0);
}

// A dialog over the whole page; Esc ends it, and so does `close`.
export function overlay(root, className, label, children) {
  const dialog = make("dialog", `dxh-overlay ${className}`, children, { role: "dialog", "aria-label": label });
  const close = () => dialog.close();
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Streamlit's own keys
  root.append(dialog);
  dialog.showModal();
  return { dialog, close };
}
