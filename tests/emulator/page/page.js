// The page as a whole: which panel is shown, the filter, the clock, and what is drawn when.
import { copyButton, curl, dateAndTime, h, say, setText, sync } from "./dom.js";
import * as brand from "./brand.js";
import * as clock from "./clock.js";
import * as customers from "./customers.js";
import * as phone from "./phone.js";
import * as requests from "./requests.js";
import { changed, connect, now, onChange, store } from "./store.js";

const panels = { phone, requests, customers, brand, clock };
const names = Object.keys(panels);
const wide = matchMedia("(min-width: 1100px)");
const tabs = document.getElementById("tabs");
const filterBrand = document.getElementById("filter-brand");
const filterCustomer = document.getElementById("filter-customer");
let shown = "requests", request;

/** On a wide window the phone stays beside the other panels. */
const isShown = (name) => name === shown || (name === "phone" && wide.matches);

function show() {
  const named = location.hash.slice(1);
  if (names.includes(named)) shown = named;
  else if (named !== "main") shown = wide.matches ? "requests" : "phone";
  if (wide.matches && shown === "phone") shown = "requests";
  for (const name of names) document.getElementById(name).hidden = !isShown(name);
  for (const link of tabs.children) {
    const current = link.hash === `#${shown}`;
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  changed();
}

function draw() {
  sync(filterBrand, ["", ...store.overview.brands.map((each) => each.name)], (each) => each,
    (each) => h("option", { value: each }, each || "All brands"));
  filterBrand.value = store.filter.brand;
  for (const name of names) if (isShown(name)) panels[name].draw();
  const { lastRequest } = store;
  request.hidden = !lastRequest;
  if (lastRequest) setText(request.querySelector("code"), commandOf(lastRequest));
  tick();
}

function commandOf({ method, path, body }) {
  const headers = body === undefined ? [] : [["Content-Type", "application/json"]];
  return curl(method, path, body === undefined ? undefined : JSON.stringify(body), headers);
}

/** What runs on with the virtual clock. */
function tick() {
  setText(document.getElementById("now"), dateAndTime(now()));
  clock.tick();
  for (const bar of document.querySelectorAll(".life")) {
    const { from, until, brand: of } = bar.dataset;
    const left = Math.min(1, Math.max(0, (until - now(of)) / (until - from || 1)));
    bar.firstElementChild.style.width = `${(left * 100).toFixed(1)}%`;
    bar.classList.toggle("low", left < 0.2);
  }
}

function typing(element) {
  return element.matches("input, select, textarea");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target === filterCustomer) {
    filterCustomer.value = "";
    filterCustomer.dispatchEvent(new Event("input"));
  }
  if (typing(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    filterCustomer.focus();
  }
  const link = tabs.children[Number(event.key) - 1];
  if (link) link.click();
}

function start() {
  document.documentElement.classList.add("js");
  document.querySelectorAll(".static").forEach((each) => each.remove());
  document.getElementById("filters").hidden = false;
  request = h("aside", { class: "request", hidden: true, "aria-label": "The last change as a request" }, h("span", { class: "label" }, "As a request"),
    h("code"), copyButton(() => commandOf(store.lastRequest), "Request"),
    h("button", { class: "small", type: "button", "aria-label": "Hide", click: () => { store.lastRequest = null; changed(); } }, "\u00d7"));
  document.body.append(request);
  for (const name of names) panels[name].build(document.getElementById(name));
  filterBrand.addEventListener("change", () => { store.filter.brand = filterBrand.value; changed(); });
  filterCustomer.addEventListener("input", () => { store.filter.customer = filterCustomer.value.trim(); changed(); });
  addEventListener("hashchange", show);
  addEventListener("keydown", onKey);
  wide.addEventListener("change", show);
  onChange(draw);
  show();
  setInterval(changed, 1000);
  connect((message) => { phone.arrived(message); say(`OTP ${message.otp} for ${message.identifierValue}`); });
}

start();
