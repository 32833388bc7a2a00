// The document: everything that comes from elsewhere gets in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element; `props` are attributes, but for `text` and handlers such as `onclick`. */
function el(tag, props = {}, ...children) {
  return furnish(document.createElement(tag), props, children);
}

function svg(tag, props = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), props, children);
}

function furnish(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const byId = (id) => document.getElementById(id);

// What did not change is not touched: a table of 500 rows is written every second.
const written = new WeakMap();

function setText(node, text) {
  if (written.get(node) === text) return;
  written.set(node, text);
  node.textContent = text;
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) === value) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/** Makes `parent` have these children in this order, moving as few as it can. */
function arrange(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let place = parent.firstElementChild;
  for (const child of children) {
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  while (place) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
  if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus();
}

/**
 * Keeps one element for each thing, by its key; `make` gives a new one, and its update() gets
 * the thing, if it has one.  Gives the elements in the order of `things`.
 */
function keep(elements, things, key, make) {
  const gone = new Set(elements.keys());
  const kept = things.map((thing, i) => {
    const id = key(thing, i);
    gone.delete(id);
    if (!elements.has(id)) elements.set(id, make(thing));
    const element = elements.get(id);
    element.update?.(thing);
    return element;
  });
  for (const id of gone) elements.delete(id);
  return kept;
}
