// The virtual clock, and what is to go wrong.
import { dateAndTime, h, setText, sync, timeOfDay } from "./dom.js";
import { change, isHeld, newestFirst, now, store } from "./store.js";

let face, hold, form, armed, struck, noneArmed, noneStruck;

const kinds = {
  status: ["answers with HTTP status", 503],
  delayMs: ["is delayed, in milliseconds", 2000],
  "reset before": ["is reset, not processed", null],
  "reset after": ["is processed, then reset", null],
  truncateAfter: ["is cut after so many bytes", 20],
};

export function build(panel) {
  const mover = (text, seconds) => h("button", { type: "button", click: () => change("POST", "clock", { advanceSeconds: seconds }) }, text);
  face = h("output", { class: "face" });
  hold = h("button", { type: "button", click: () => change("POST", "clock", { held: !isHeld() }) });
  form = h("form", { class: "inline", submit: arm },
    h("label", null, "The next", h("input", { name: "count", type: "number", min: 1, value: 1 })),
    h("label", { class: "wide" }, "requests of", h("select", { name: "path" })),
    h("label", null, "brand", h("select", { name: "brand" })),
    h("label", { class: "wide" }, "what happens", h("select", { name: "kind", change: showNumber }, Object.entries(kinds).map(([kind, [text]]) => h("option", { value: kind }, text)))),
    h("label", null, "number", h("input", { name: "number", type: "number", min: 0, value: 503 })),
    h("button", { class: "primary", type: "submit", disabled: true }, "Arm fault"));
  armed = h("ul", { class: "faults" });
  struck = h("ul", { class: "faults" });
  noneArmed = h("p", { class: "empty" }, "No fault is armed.");
  noneStruck = h("p", { class: "empty" }, "No fault has struck.");
  panel.append(
    h("div", { class: "clockbox" }, face,
      h("div", { class: "buttons" }, mover("\u2212 1 min", -60), mover("+ 1 min", 60), mover("+ 15 min", 900), mover("+ 1 day", 86400), hold)),
    h("h3", null, "Make requests fail"), form,
    h("div", { class: "sides" },
      h("section", { class: "side" }, h("h3", null, "Armed"), noneArmed, armed,
        h("button", { class: "small", type: "button", click: () => change("DELETE", "faults") }, "Remove all")),
      h("section", { class: "side" }, h("h3", null, "Struck"), noneStruck, struck)));
}

function showNumber() {
  const [, number] = kinds[form.elements.kind.value];
  form.elements.number.parentElement.hidden = number === null;
  form.elements.number.value = number;
}

function arm(event) {
  event.preventDefault();
  const { count, path, brand, kind, number } = form.elements;
  const body = { path: path.value, count: Number(count.value) };
  if (brand.value) body.brand = brand.value;
  if (kind.value.startsWith("reset")) body.reset = kind.value.slice(6);
  else body[kind.value] = Number(number.value);
  change("POST", "faults", body);
}

function describe(fault) {
  const what = fault.reset ? `reset ${fault.reset}` : fault.delayMs !== undefined ? `delay ${fault.delayMs} ms`
    : fault.status !== undefined ? `HTTP ${fault.status}` : `cut after ${fault.truncateAfter} bytes`;
  return `${what}, ${fault.count} to come${fault.brand ? `, ${fault.brand}` : ""}`;
}

const line = (left, right) => h("li", null, h("code", null, left), h("span", { class: "muted" }, right));

export function tick() {
  setText(face, dateAndTime(now()));
}

export function draw() {
  tick();
  setText(hold, isHeld() ? "Let it go on" : "Hold");
  const paths = [...store.operations.map((each) => each.path), "/mobile/v2/api/customer/get"];
  sync(form.elements.path, paths, (each) => each, (each) => h("option", null, each));
  sync(form.elements.brand, ["", ...store.overview.brands.map((each) => each.name)], (each) => each, (each) => h("option", { value: each }, each || "any"));
  form.querySelector(".primary").disabled = store.operations.length === 0;
  noneArmed.hidden = store.faults.length > 0;
  armed.nextElementSibling.hidden = store.faults.length === 0;
  sync(armed, store.faults.map((fault, index) => ({ fault, index })), (each) => `${each.index} ${describe(each.fault)} ${each.fault.path}`,
    ({ fault }) => line(fault.path, describe(fault)));
  const faults = newestFirst(store.exchanges).filter((each) => each.fault).slice(0, 20);
  noneStruck.hidden = faults.length > 0;
  sync(struck, faults, (each) => each.id, (each) => line(each.path, `${timeOfDay(each.atMs)}, ${(each.reason || "").replace(/^fault: /, "")}`));
}
