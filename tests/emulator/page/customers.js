// What a customer has: identifiers, passwords, sessions, tokens.
import { dateAndTime, duration, h, lifeBar, setText, sync } from "./dom.js";
import { change, customerPath, now, passes, store } from "./store.js";

let cards, empty, form;

export function build(panel) {
  const field = (name, label, extra) => h("label", null, label, h("input", { name, autocomplete: "off", ...extra }));
  form = h("form", { class: "inline", submit: makeCustomer },
    h("label", null, "Brand", h("select", { name: "brand" })),
    h("label", null, "Identifier", h("select", { name: "type" }, ["MOBILE", "EMAIL", "USERNAME", "EXTERNALID"].map((type) => h("option", null, type)))),
    field("value", "Value", { required: true, placeholder: "919999999993" }),
    field("password", "Password (optional)", {}),
    h("button", { class: "primary", type: "submit" }, "Make customer"));
  empty = h("p", { class: "empty" }, "No customer yet. One appears with the first token generate, or make one above.");
  cards = h("div", { class: "cards" });
  panel.append(form, empty, cards);
}

async function makeCustomer(event) {
  event.preventDefault();
  const { brand, type, value, password } = form.elements;
  const path = customerPath(brand.value, { type: type.value, value: value.value });
  const body = password.value ? { password: password.value } : {};
  if (await change("PUT", `customers/${path}`, body)) value.value = password.value = "";
}

const keyOf = (customer) => `${customer.brand}|${customer.customerId}`;
const isOf = (customer) => (each) => each.brand === customer.brand && each.customerId === customer.customerId;

function make(customer) {
  const path = () => customerPath(customer.brand, customer.identifiers[0]);
  const act = (method, what, body) => () => change(method, `${what}/${path()}`, body);
  const lock = h("button", { class: "small lock", type: "button", click: () =>
    change(lock.dataset.locked ? "DELETE" : "PUT", `locks/${path()}`, lock.dataset.locked ? undefined : { minutes: 30 }) });
  return h("article", { class: "card" },
    h("header", null, h("h3"), h("span", { class: "muted number" })),
    h("div", { class: "badges" }),
    h("ul", { class: "lives" }),
    h("footer", null, lock,
      h("button", { class: "small", type: "button", click: act("DELETE", "tokens") }, "Expire tokens"),
      h("button", { class: "small danger", type: "button", click: act("DELETE", "customers") }, "Delete")));
}

function badges(customer) {
  const found = [];
  if (!customer.signedInOnce) found.push(["never signed in", ""]);
  if (customer.password !== "none") found.push([customer.password === "set" ? "password" : "password unconfirmed", ""]);
  if (customer.mfa) found.push([customer.mfaPassword === "none" ? "MFA" : "MFA with password", ""]);
  const until = Math.max(customer.lockedUntilMs, customer.mfaLockedUntilMs);
  if (until) found.push([`locked for ${duration(until - now(customer.brand))}`, "bad"]);
  return found;
}

/** Sessions, tokens and keys as lines with the life that is left. */
function lives(customer) {
  const { sessions, tokens } = store.overview;
  const found = sessions.filter(isOf(customer)).map((each) => ({
    key: each.id, title: each.factor === 2 ? "MFA session" : "Session", brand: each.brand,
    note: each.spent ? "too many wrong attempts" : each.otpSent ? `OTP sent, ${each.wrongOtps} wrong` : "no OTP yet",
    from: each.startedAtMs, until: each.expiresAtMs, detail: each }));
  for (const each of tokens.filter(isOf(customer)).slice(0, 6)) {
    const until = each.claims.exp ? each.claims.exp * 1000 : null;
    found.push({ key: `t${each.id}`, title: each.kind === "key" ? "Key" : `Token ${each.claims.rol}`, brand: each.brand,
      note: each.ended ? "ended early" : null, from: each.claims.iat * 1000, until: each.ended ? 0 : until,
      detail: { ...each.header, ...each.claims } });
  }
  return found;
}

function makeLife(life) {
  return h("li", null,
    h("details", null, h("summary", null, h("span", { class: "title" }, life.title), h("span", { class: "left" })),
      h("pre", { tabindex: "0" }, JSON.stringify(life.detail, null, 2))),
    life.until === null ? null : lifeBar(life.from, life.until, life.brand));
}

function updateLife(element, life) {
  const left = life.until === null ? "for ever" : life.until <= now(life.brand) ? "expired" : duration(life.until - now(life.brand));
  setText(element.querySelector(".left"), life.note && !life.until ? life.note : [life.note, left].filter(Boolean).join(", "));
}

function update(element, customer) {
  const names = customer.identifiers.map((each) => each.value).join(", ");
  setText(element.querySelector("h3"), names);
  setText(element.querySelector(".number"), `${customer.brand}, number ${customer.customerId}`);
  sync(element.querySelector(".badges"), badges(customer), ([text]) => text.replace(/\d.*/, ""), ([, kind]) => h("span", { class: `badge ${kind}` }),
    (badge, [text]) => setText(badge, text));
  sync(element.querySelector(".lives"), lives(customer), (each) => `${each.key}${each.until === 0}`, makeLife, updateLife);
  const lock = element.querySelector(".lock");
  const locked = customer.lockedUntilMs || customer.mfaLockedUntilMs;
  lock.dataset.locked = locked ? "yes" : "";
  setText(lock, locked ? "Unlock" : "Lock");
  lock.title = locked ? `locked until ${dateAndTime(locked)}` : "";
}

export function draw() {
  sync(form.elements.brand, store.overview.brands, (each) => each.name, (each) => h("option", null, each.name));
  const shown = store.overview.customers.filter((each) =>
    passes(each.brand, `${each.identifiers.map((one) => one.value).join(" ")} ${each.customerId}`));
  empty.hidden = shown.length > 0;
  sync(cards, shown.slice(0, 60), keyOf, make, update);
}
