import { create } from "./dom.js";
import { splitLinks } from "./format.js";
import { initialOf, tintOf } from "./names.js";

/**
 * @typedef {import("./messages.js").Said} Said
 * @typedef {import("./outbox.js").Pending} Pending
 */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const STATUS = { waiting: "Waits for the connection", sending: "Sending…", sent: "Sent", failed: "" };

/**
 * What somebody said.
 *
 * @param {Said} said
 * @param {boolean} isContinued whether it stands under the name of the one before
 */
export function messageLine(said, isContinued) {
  const classes = `message${said.isOwn ? " own" : ""}${isContinued ? " continued" : ""}`;
  const avatar = create(
    "span",
    { class: "avatar", "data-tint": `${tintOf(said.from)}`, "aria-hidden": "true" },
    initialOf(said.from),
  );
  const author = create("span", { class: "author", dir: "auto" }, said.from);
  const head = create(
    "p",
    { class: isContinued ? "visually-hidden" : "head" },
    author,
    ...youMark(said),
    " ",
    timeOf(said.time),
  );
  return create("div", attributesOf(said, classes), avatar, create("div", { class: "bubble" }, head, body(said)));
}

/**
 * What somebody does.
 *
 * @param {Said} said
 */
export function actionLine(said) {
  const words = create("span", { dir: "auto" }, "* ", create("b", {}, said.from), " ", ...linked(said.text));
  return create("div", attributesOf(said, "action"), words, ...youMark(said), " ", timeOf(said.time));
}

/** @param {Said} said */
function youMark(said) {
  return said.isOwn ? [create("span", { class: "you" }, " (you)")] : [];
}

/**
 * @param {Said} said
 * @param {string} classes
 * @returns {Record<string, string>}
 */
function attributesOf(said, classes) {
  return { class: classes, "data-testid": "message", "data-from": said.from, "data-own": `${said.isOwn}` };
}

/**
 * What we said and has not come back.
 *
 * @param {Pending} pending
 * @param {{onRetry: (pending: Pending) => void, onDiscard: (pending: Pending) => void}} actions
 */
export function pendingLine(pending, { onRetry, onDiscard }) {
  const text = body({ text: pending.isAction ? `* ${pending.from} ${pending.text}` : pending.text, isJson: false });
  const status = create("p", { class: "status" }, STATUS[pending.state]);
  const line = create("div", {
    class: `message own pending ${pending.state}`,
    "data-testid": "pending",
    "data-state": pending.state,
  });
  line.append(create("div", { class: "bubble" }, text, status));
  if (pending.state !== "failed") return line;
  const retry = create("button", { type: "button", "data-testid": "retry" }, "Try again");
  const discard = create("button", { type: "button", "data-testid": "discard" }, "Discard");
  retry.addEventListener("click", () => onRetry(pending));
  discard.addEventListener("click", () => onDiscard(pending));
  status.replaceChildren(`Not sent: ${pending.error} `, retry, " ", discard);
  return line;
}

/** @param {{text: string, isJson: boolean}} said */
function body({ text, isJson }) {
  if (isJson) return create("pre", { class: "text", tabindex: "0", "aria-label": "JSON" }, text);
  return create("p", { class: "text", dir: "auto" }, ...linked(text));
}

/** @param {string} text */
function linked(text) {
  return splitLinks(text).map(({ text, href }) =>
    href === null ? text : create("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, text),
  );
}

/** @param {Date} time */
function timeOf(time) {
  return create("time", { datetime: time.toISOString(), title: fullTime.format(time) }, clock.format(time));
}
