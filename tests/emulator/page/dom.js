// Small helpers. Text becomes text nodes and nothing else: whatever a request brought stays text.

/** An element with attributes (functions become listeners) and children: elements, texts, or lists of them. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(3).filter((child) => child != null && child !== false));
  return element;
}

/** Shows one element for each item. Elements are kept by key, so that focus and selection stay where they are. */
export function sync(container, items, keyOf, make, update) {
  const old = container.shown || new Map();
  const shown = new Map();
  let place = container.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const element = old.get(key) || make(item);
    if (update) update(element, item);
    shown.set(key, element);
    if (element === place) place = place.nextElementSibling;
    else container.insertBefore(element, place);
  }
  while (place) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
  container.shown = shown;
}

/** Sets a text only where it differs, so that a selection in it survives. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function say(text) {
  const said = document.getElementById("said");
  said.textContent = text;
  said.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => said.classList.remove("shown"), 2500);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Where the page came by plain HTTP from another host there is no clipboard, but a selection can be copied.
    const area = h("textarea", { class: "hidden" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(`${what} copied`);
}

export function copyButton(getText, what) {
  return h("button", { class: "small", type: "button", click: () => copy(getText(), what) }, "Copy");
}

const two = (number) => String(number).padStart(2, "0");

export function timeOfDay(ms) {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function dateAndTime(ms) {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeOfDay(ms)}`;
}

/** 4 min 05 s, 3 h 20 min, 12 days. */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
  return `${Math.floor(seconds / 86400)} days`;
}

/** A bar of what is left between two times; redrawn by tick(). */
export function lifeBar(fromMs, untilMs, brand) {
  return h("span", { class: "life", "data-from": fromMs, "data-until": untilMs, "data-brand": brand }, h("i"));
}

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

export function curl(method, path, body, headers = []) {
  const parts = ["curl"];
  if (method !== (body ? "POST" : "GET")) parts.push(`-X ${method}`);
  parts.push(quoted(location.origin + path));
  for (const [name, value] of headers) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`-d ${quoted(body)}`);
  return parts.join(" ");
}
