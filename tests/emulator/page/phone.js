// The OTPs as they arrive: what the customers' phones and mailboxes would show.
import { copy, duration, h, lifeBar, setText, sync, timeOfDay } from "./dom.js";
import { newestFirst, now, passes, store } from "./store.js";

const MOST_SHOWN = 60;
let list, empty, notify;

export function build(panel) {
  list = h("ol", { class: "otps" });
  empty = h("p", { class: "empty" }, "No OTP yet. It appears here as soon as an app calls OTP generate.");
  notify = h("button", { class: "small", type: "button", "aria-pressed": "false", click: askToNotify }, "Notify me");
  notify.hidden = !("Notification" in window) || !isSecureContext;
  panel.querySelector("h2").after(h("div", { class: "tools" }, notify));
  panel.append(empty, list);
}

async function askToNotify() {
  const wanted = notify.getAttribute("aria-pressed") !== "true";
  const allowed = wanted && (await Notification.requestPermission()) === "granted";
  notify.setAttribute("aria-pressed", String(allowed));
  setText(notify, wanted && !allowed ? "Notifications are blocked" : "Notify me");
}

export function arrived(message) {
  if (notify.getAttribute("aria-pressed") !== "true" || !passes(message.brand, message.identifierValue)) return;
  new Notification(`OTP ${message.otp}`, { body: `${message.identifierValue} (${message.brand})`, tag: "capauth-otp" });
}

/** The digits in groups, which are easier to read across a desk. */
function grouped(otp) {
  const size = otp.length % 3 === 0 || otp.length > 8 ? 3 : otp.length % 4 === 0 ? 4 : otp.length;
  return otp.match(new RegExp(`.{1,${size}}`, "g")).join("\u2009");
}

function make(message) {
  const code = h("button", { class: "code", type: "button", click: () => copy(message.otp, `OTP ${message.otp}`) }, grouped(message.otp));
  code.setAttribute("aria-label", `Copy OTP ${message.otp} for ${message.identifierValue}`);
  code.title = "Click to copy";
  return h(
    "li",
    { class: "otp" },
    h("div", { class: "otp-head" },
      h("strong", { class: "who" }, message.identifierValue),
      h("time", { datetime: new Date(message.sentAtMs).toISOString() }, timeOfDay(message.sentAtMs))),
    code,
    message.text ? h("p", { class: "sms" }, message.text) : null,
    h("div", { class: "otp-foot" },
      h("span", { class: "badge" }, message.channel),
      h("span", { class: "muted" }, message.to === message.identifierValue ? message.brand : `${message.brand}, to ${message.to}`),
      h("span", { class: "otp-state" })),
    lifeBar(message.sentAtMs, message.expiresAtMs, message.brand),
  );
}

const words = { used: "used", replaced: "replaced", void: "void" };

function update(element, message) {
  const left = message.expiresAtMs - now(message.brand);
  const state = message.state === "open" && left <= 0 ? "expired" : message.state;
  element.className = `otp is-${state}`;
  setText(element.querySelector(".otp-state"), state === "open" ? `${duration(left)} left` : words[state] || state);
}

export function draw() {
  const messages = newestFirst(store.messages).filter((each) => passes(each.brand, `${each.identifierValue} ${each.to}`));
  empty.hidden = messages.length > 0;
  sync(list, messages.slice(0, MOST_SHOWN), (each) => each.id, make, update);
}


