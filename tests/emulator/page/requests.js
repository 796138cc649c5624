// Every exchange: as a list with bodies, and as one sequence for each customer.
import { copyButton, curl, h, sync, timeOfDay } from "./dom.js";
import { call, changed, newestFirst, operationName, passes, result, store } from "./store.js";

const MOST_ROWS = 150, MOST_LANES = 12, MOST_IN_LANE = 14;
let list, lanes, empty, view = "list", failuresOnly = false;

export function build(panel) {
  const tab = (name, text) =>
    h("button", { type: "button", "aria-pressed": String(name === view), click: (event) => {
      view = name;
      for (const each of event.target.parentElement.children) each.setAttribute("aria-pressed", String(each === event.target));
      changed();
    } }, text);
  const only = h("input", { type: "checkbox", change: () => { failuresOnly = only.checked; changed(); } });
  list = h("ol", { class: "rows" });
  lanes = h("div", { class: "lanes", tabindex: "0", role: "region", "aria-label": "Sign-ins, one lane per customer" });
  empty = h("p", { class: "empty" }, "No request yet. Point the app's base URL at ", h("code", null, location.origin), ".");
  panel.querySelector("h2").after(h("div", { class: "tools" },
    h("span", { class: "switch", role: "group", "aria-label": "View" }, tab("list", "List"), tab("lanes", "Sign-ins")),
    h("label", { class: "check" }, only, "refusals only")));
  panel.append(empty, list, lanes);
}

function headersTable(headers) {
  return h("table", { class: "headers" }, h("tbody", null,
    headers.map(([name, value]) => h("tr", null, h("th", { scope: "row" }, name), h("td", null, value)))));
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function side(title, part) {
  const cut = part.kept < part.length ? `the first ${part.kept} of ${part.length} bytes` : null;
  return h("section", { class: "side" }, h("h3", null, title), headersTable(part.headers),
    part.body ? h("pre", { tabindex: "0" }, pretty(part.body)) : h("p", { class: "muted" }, "no body"),
    cut ? h("p", { class: "muted" }, cut) : null);
}

const ownHeaders = /^(host|content-length|user-agent|accept|accept-encoding|connection|origin|referer|sec-.*)$/i;

async function fill(detail, id, secrets) {
  const whole = await call("GET", `exchanges/${id}?secrets=${secrets}`);
  const command = curl(whole.method, whole.path + (whole.query || ""), whole.request.body,
    whole.request.headers.filter(([name]) => !ownHeaders.test(name)));
  const show = h("input", { type: "checkbox", change: () => fill(detail, id, show.checked) });
  show.checked = secrets;
  detail.replaceChildren(h("div", null,
    h("div", { class: "detail-head" },
      h("label", { class: "check" }, show, "show passwords, OTPs, tokens and keys"),
      h("span", { class: "muted" }, `took ${whole.tookMs} ms, HTTP ${whole.status ?? "none: the connection was reset"}`)),
    whole.whole ? null : h("p", { class: "muted" }, "Headers and bodies are no longer kept."),
    h("div", { class: "sides" }, side("Request", whole.request), side("Reply", whole.reply)),
    h("div", { class: "command" }, h("pre", { tabindex: "0" }, command), copyButton(() => command, "Command"))));
}

function toggle(button, exchange) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  const detail = button.nextElementSibling;
  detail.hidden = !open;
  if (open) fill(detail, exchange.id, false);
  else detail.replaceChildren();
}

function makeRow(exchange) {
  const { words, kind } = result(exchange);
  const why = exchange.reason && !words.endsWith(exchange.reason) ? exchange.reason : null;
  const detail = h("div", { class: "detail", hidden: true });
  const button = h("button", { class: "row", type: "button", "aria-expanded": "false", click: () => toggle(button, exchange) },
    h("time", null, timeOfDay(exchange.atMs)),
    h("span", { class: "method" }, exchange.method),
    h("span", { class: "path" }, exchange.path),
    h("span", { class: "who" }, (exchange.customer || "").replace("|", " ")),
    h("span", { class: `result ${kind}` }, words, exchange.fault ? h("span", { class: "badge fault" }, "fault") : null),
    h("span", { class: "took" }, exchange.tookMs ? `${exchange.tookMs} ms` : "< 1 ms"),
    why ? h("span", { class: "why" }, why) : null);
  return h("li", { "data-id": exchange.id }, button, detail);
}

function byCustomer(exchanges) {
  const found = new Map();
  for (const exchange of exchanges) {
    if (!exchange.customer) continue;
    const key = `${exchange.brand}|${exchange.customer}`;
    if (!found.has(key)) found.set(key, { key, brand: exchange.brand, customer: exchange.customer, exchanges: [] });
    found.get(key).exchanges.push(exchange);
  }
  return [...found.values()].slice(0, MOST_LANES);
}

function showInList(id) {
  view = "list";
  document.querySelectorAll("#requests .switch button").forEach((each, index) => each.setAttribute("aria-pressed", String(index === 0)));
  draw();
  const button = list.querySelector(`[data-id="${id}"] > button`);
  if (!button) return;
  if (button.getAttribute("aria-expanded") !== "true") button.click();
  button.focus();
}

function makePair(exchange) {
  const { words, kind } = result(exchange);
  return h("li", null, h("button", { class: "pair", type: "button", click: () => showInList(exchange.id) },
    h("time", null, timeOfDay(exchange.atMs)),
    h("span", { class: "ask" }, operationName(exchange.path)),
    h("span", { class: `reply ${kind}` }, words)));
}

function makeLane(lane) {
  return h("section", { class: "lane" },
    h("h3", null, lane.customer.replace("|", " "), h("small", null, lane.brand)),
    h("div", { class: "ends", "aria-hidden": "true" }, h("span", null, "App"), h("span", null, "Auth Engine")),
    h("ol", { class: "pairs" }));
}

function updateLane(element, lane) {
  sync(element.querySelector("ol"), lane.exchanges.slice(0, MOST_IN_LANE).reverse(), (each) => each.id, makePair);
}

export function draw() {
  const all = newestFirst(store.exchanges).filter((each) => passes(each.brand, each.customer));
  const shown = failuresOnly ? all.filter((each) => result(each).kind !== "good") : all;
  empty.hidden = shown.length > 0;
  list.hidden = view !== "list";
  lanes.hidden = view === "list";
  if (view === "list") sync(list, shown.slice(0, MOST_ROWS), (each) => each.id, makeRow);
  else sync(lanes, byCustomer(all), (each) => each.key, makeLane, updateLane);
}
