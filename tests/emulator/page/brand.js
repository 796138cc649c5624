// All settings of a brand, with their defaults and meaning; each change is also shown as the request that makes it.
import { h, setText, sync } from "./dom.js";
import { call, change, changed, store } from "./store.js";

let choice, filter, remove, rows, changedOnly, values = null, shownBrand = null, isListed = false, readingSeen = 0;

export function build(panel) {
  choice = h("select", { change: () => load(choice.value) });
  filter = h("input", { type: "search", placeholder: "Filter settings\u2026", input: changed });
  changedOnly = h("input", { type: "checkbox", change: changed });
  rows = h("div", { class: "settings" });
  remove = h("button", { class: "danger", type: "button", click: removeBrand }, "Delete brand");
  const name = h("input", { name: "name", required: true, placeholder: "NewBrand", autocomplete: "off" });
  panel.append(
    h("form", { class: "inline", submit: (event) => { event.preventDefault(); makeBrand(name); } },
      h("label", null, "Brand", choice),
      h("label", null, "Settings", filter),
      h("label", { class: "check" }, changedOnly, "changed only"),
      remove,
      h("span", { class: "spacer" }),
      h("label", null, "Another brand", name),
      h("button", { class: "primary", type: "submit" }, "Make brand")),
    rows);
}

async function makeBrand(name) {
  if (!(await change("PUT", `brands/${encodeURIComponent(name.value)}`, {}))) return;
  shownBrand = name.value;
  name.value = "";
  load(shownBrand);
}

/** Its customers, OTPs and sessions go along: a second click within five seconds means it. */
async function removeBrand() {
  if (remove.textContent.endsWith("?")) {
    setText(remove, "Delete brand");
    await change("DELETE", `brands/${encodeURIComponent(shownBrand)}`);
    return;
  }
  setText(remove, `Delete ${shownBrand}?`);
  setTimeout(() => setText(remove, "Delete brand"), 5000);
}

async function load(brand) {
  shownBrand = brand;
  isListed = false;
  values = await call("GET", `brands/${encodeURIComponent(brand)}`).catch(() => null);
  changed();
}

const differs = (setting) => values[setting.name] !== setting.default;

/** What PUT has to say: all that is not at its default. */
async function set(setting, value) {
  const wanted = { ...values, [setting.name]: value };
  const body = {};
  for (const each of store.settings) if (wanted[each.name] !== each.default) body[each.name] = wanted[each.name];
  await change("PUT", `brands/${encodeURIComponent(shownBrand)}`, body);
  load(shownBrand);
}

function readNumber(setting, text) {
  return text.trim() === "" ? setting.default : Number(text);
}

function makeControl(setting) {
  const id = `setting-${setting.name}`;
  if (setting.type === "boolean") return h("input", { id, type: "checkbox", role: "switch", change: (event) => set(setting, event.target.checked) });
  if (setting.type === "choice") {
    const options = setting.default === null ? ["", ...setting.choices.split(",")] : setting.choices.split(",");
    return h("select", { id, change: (event) => set(setting, event.target.value || null) }, options.map((each) => h("option", { value: each }, each || "none")));
  }
  if (setting.type.startsWith("number"))
    return h("input", { id, type: "number", min: setting.least, max: setting.most, placeholder: "null", change: (event) => set(setting, readNumber(setting, event.target.value)) });
  return h("input", { id, type: "text", placeholder: "none", autocomplete: "off", change: (event) => set(setting, event.target.value || null) });
}

function defaultWords(setting) {
  const range = "least" in setting ? `, ${setting.least} to ${setting.most}` : "";
  return `default ${setting.default === null ? (setting.type.includes("null") ? "null" : "none") : setting.default}${range}`;
}

function make(setting) {
  return h("div", { class: "setting" },
    h("label", { for: `setting-${setting.name}` }, h("code", null, setting.name), h("span", { class: "meaning" }, setting.meaning)),
    h("div", { class: "value" }, makeControl(setting), h("small", { class: "muted" }, defaultWords(setting)),
      h("button", { class: "small back", type: "button", "aria-label": `${setting.name} to its default`, click: () => set(setting, setting.default) }, "reset")));
}

function update(element, setting) {
  const control = element.querySelector("input, select");
  const value = values[setting.name];
  element.classList.toggle("differs", differs(setting));
  if (document.activeElement === control && control.type !== "checkbox") return;
  if (control.type === "checkbox") control.checked = value;
  else control.value = value === null ? "" : value;
}

export function draw() {
  const brands = store.overview.brands.map((each) => each.name);
  sync(choice, brands, (each) => each, (each) => h("option", { value: each }, each));
  if (!shownBrand || (isListed && !brands.includes(shownBrand))) {
    if (brands.length) load(store.filter.brand || brands[0]);
    return;
  }
  isListed = brands.includes(shownBrand); // one that was just made will be soon
  choice.value = shownBrand;
  if (store.readings !== readingSeen) {
    readingSeen = store.readings;
    load(shownBrand);
  }
  if (!values) return;
  const wanted = filter.value.toLowerCase();
  const shown = store.settings.filter((each) => `${each.name} ${each.meaning}`.toLowerCase().includes(wanted) && (!changedOnly.checked || differs(each)));
  sync(rows, shown, (each) => each.name, make, update);
}
