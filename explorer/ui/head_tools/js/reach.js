// Lets the keyboard reach what scrolls, such as a wide equation on a phone, and tells screen readers
// that a picture which Streamlit leaves without a word is told by the text beside it.

const EQUATION = ".katex-display";
const SCROLLING =
  '.katex-display, [data-testid="stHtml"], [data-testid="stMarkdownContainer"], pre, [class*="dx-"]';
const AFTER = [400, 2000, 5000]; // milliseconds after a run of the page: some parts come late

function scrolls(element) {
  const wide = element.scrollWidth > element.clientWidth + 1;
  const high = element.scrollHeight > element.clientHeight + 1;
  if (!wide && !high) return false;
  const { overflowX, overflowY } = getComputedStyle(element);
  const free = (overflow) => overflow === "auto" || overflow === "scroll";
  return (wide && free(overflowX)) || (high && free(overflowY));
}

function look() {
  for (const element of document.querySelectorAll(SCROLLING)) {
    if (scrolls(element)) element.tabIndex = 0;
    else if (element.tabIndex === 0) element.removeAttribute("tabindex");
  }
  for (const image of document.querySelectorAll('[data-testid="stImage"] img:not([alt])')) image.alt = "";
}

let timers = [];

function lookSoon() {
  timers.forEach(clearTimeout);
  timers = AFTER.map((wait) => setTimeout(look, wait));
}

// An equation that React draws anew is another element, which nobody can reach yet.
function comes(changes) {
  const brings = (node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(EQUATION) || node.querySelector(EQUATION));
  if (changes.some(({ addedNodes }) => [...addedNodes].some(brings))) look();
}

// Looks after every run of a page, at every equation that comes, when the window has another size
// or the fonts have come, and before the focus moves.
export function reachAll() {
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app) return;
  new MutationObserver(lookSoon).observe(app, { attributeFilter: ["data-test-script-state"] });
  new MutationObserver(comes).observe(app, { childList: true, subtree: true });
  document.fonts.addEventListener("loadingdone", look);
  window.addEventListener("resize", lookSoon);
  document.addEventListener("keydown", (event) => event.key === "Tab" && look(), true);
  lookSoon();
}
