// Small parts that the sheet is made of.

export function make(tag, className, children = [], attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The font of icons comes with Streamlit.
const icon = (name) => make("span", "dxo-icon", [name], { "aria-hidden": "true", translate: "no" });

export function button(name, label, pressed, className = "dxo-tool") {
  const element = make("button", className, [icon(name), make("span", "", [label])], {
    type: "button",
  });
  element.addEventListener("click", pressed);
  return element;
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
