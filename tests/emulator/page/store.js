// What the page knows: read once, then kept up to date by the events of the emulator.
import { say } from "./dom.js";

const MOST_KEPT = 1000;

export const store = {
  messages: new Map(), // id -> OTP, as in GET phone
  exchanges: new Map(), // id -> summary, as in GET exchanges
  overview: { brands: [], customers: [], sessions: [], tokens: [] },
  faults: [],
  settings: [],
  operations: [],
  codes: new Map(),
  filter: { brand: "", customer: "" },
  readings: 0, // of the overview
  lastRequest: null, // the control call that the page made last
};

let clock = { ms: Date.now(), at: performance.now(), held: false };
const listeners = [];
let pending = false;

/** The virtual time, of a brand with a clock of its own too. */
export function now(brand) {
  const offset = brand && store.overview.brands.find((each) => each.name === brand);
  return clock.ms + (clock.held ? 0 : performance.now() - clock.at) + (offset ? offset.offsetMs : 0);
}

export const isHeld = () => clock.held;
export const onChange = (listener) => listeners.push(listener);

/** Draws again soon: at most five times in a second, however much happens. */
export function changed() {
  if (pending) return;
  pending = true;
  setTimeout(() => {
    pending = false;
    requestAnimationFrame(() => listeners.forEach((listener) => listener()));
  }, 200);
}

export async function call(method, path, body) {
  const options = { method, headers: { "X-Emulator-Page": "1" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const reply = await fetch(`/_emulator/${path}`, options);
  const content = await reply.json();
  if (!reply.ok) throw new Error(content.error || `HTTP ${reply.status}`);
  return content;
}

/** A control call that changes something. The page shows it, so that a test can copy it; false if it was refused. */
export async function change(method, path, body) {
  store.lastRequest = { method, path: `/_emulator/${path}`, body };
  changed();
  try {
    await call(method, path, body);
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

export const customerPath = (brand, identifier) =>
  [brand, identifier.type, identifier.value].map(encodeURIComponent).join("/");

function keep(map, item) {
  map.set(item.id, item);
  if (map.size <= MOST_KEPT) return;
  for (const id of [...map.keys()].sort((a, b) => a - b).slice(0, map.size - MOST_KEPT)) map.delete(id);
}

export const newestFirst = (map) => [...map.values()].sort((a, b) => b.id - a.id);

async function readOverview() {
  const [overview, faults] = await Promise.all([call("GET", "overview"), call("GET", "faults")]);
  clock = { ms: overview.nowMs, at: performance.now(), held: overview.held };
  store.overview = overview;
  store.faults = faults.faults;
  store.readings++;
  changed();
}

let overviewTimer = null;

function readOverviewSoon() {
  if (overviewTimer) return;
  overviewTimer = setTimeout(() => {
    overviewTimer = null;
    readOverview().catch(() => {});
  }, 400);
}

/** An answer may be older than an event that came meanwhile: an OTP that is no longer open stays so. */
function keepMessage(message) {
  const known = store.messages.get(message.id);
  if (!known || known.state === "open") keep(store.messages, message);
}

/** Also forgets what is gone: a reset or a deleted brand takes OTPs along. */
async function readPhone() {
  const known = [...store.messages.keys()];
  const { messages } = await call("GET", "phone?limit=300");
  const there = new Set(messages.map((message) => message.id));
  for (const id of known) if (!there.has(id)) store.messages.delete(id);
  messages.forEach(keepMessage);
  changed();
}

async function readEverything() {
  store.messages.clear();
  store.exchanges.clear();
  const exchanges = call("GET", `exchanges?limit=${MOST_KEPT}`);
  await readPhone();
  (await exchanges).exchanges.forEach((exchange) => keep(store.exchanges, exchange));
  await readOverview();
}

async function readTables() {
  const [settings, codes, operations] = await Promise.all(["settings", "codes", "operations"].map((name) => call("GET", name)));
  store.settings = settings.settings;
  store.operations = operations.operations;
  store.codes = new Map(codes.codes.map((each) => [each.code, each.message]));
}

function showLink(live) {
  const link = document.getElementById("link");
  link.textContent = live ? "live" : "not connected";
  link.classList.toggle("live", live);
}

/** Reads everything, then listens. `onOtp` is told of each new OTP. */
export async function connect(onOtp) {
  const events = new EventSource("/_emulator/events");
  const on = (name, act) => events.addEventListener(name, (event) => act(JSON.parse(event.data)));
  on("hello", () => {
    showLink(true);
    readEverything();
  });
  on("lost", readEverything);
  on("otp", (message) => {
    const isNew = !store.messages.has(message.id);
    keepMessage(message);
    if (isNew) onOtp(message);
    changed();
  });
  on("exchange", (exchange) => {
    keep(store.exchanges, exchange);
    readOverviewSoon();
    changed();
  });
  on("changed", () => {
    readOverviewSoon();
    readPhone().catch(() => {});
  });
  events.onerror = () => showLink(false);
  await readTables();
  changed();
}

/** Whether something is of the brand and the customer that are asked for. */
export function passes(brand, customer) {
  const { filter } = store;
  if (filter.brand && (brand || "").toLowerCase() !== filter.brand.toLowerCase()) return false;
  return !filter.customer || (customer || "").toLowerCase().includes(filter.customer.toLowerCase());
}

/** "1506 Invalid OTP", and whether that is good, bad, or broken. */
export function result(exchange) {
  if (exchange.status === null) return { words: "connection reset", kind: "broken" };
  if (exchange.code && (exchange.status === 200 || exchange.code !== exchange.status)) {
    const good = exchange.code === 200;
    return { words: `${exchange.code} ${good ? "OK" : store.codes.get(exchange.code) || ""}`, kind: good ? "good" : "bad" };
  }
  const kind = exchange.status < 400 ? "good" : exchange.status < 500 ? "bad" : "broken";
  return { words: `HTTP ${exchange.status}`, kind };
}

/** "web OTP validate" for /auth/v1/web/otp/validate. */
export function operationName(path) {
  const parts = path.match(/^\/auth\/v1\/(?:(web|mfa)\/)?(\w+)\/(\w+)$/);
  if (!parts) return path.replace(/^\/(mobile\/)?v2\/api\//, "gateway ");
  const [, family, subject, action] = parts;
  if (action === "updateIdentifierValue") return "identifier update";
  const names = { otp: "OTP", mfa: "MFA" };
  const isExpire = action === "expire";
  return [isExpire ? "" : names[family] || family, names[subject] || subject, action].filter(Boolean).join(" ");
}
