/** Colours (mIRC, hexadecimal) with their arguments, first; then every other control character but tab and line end. */
const CONTROLS =
  /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[\da-f]{6}(?:,[\da-f]{6})?)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]|[\u202a-\u202e\u2066-\u2069]/gi;
const URL_CANDIDATE = /\bhttps?:\/\/[^\s<>"]+/gi;
const TRAILING = /[.,:;!?'*_~\]}…]$/;
const MAX_JSON_LENGTH = 10_000;
const GROUPED_WITHIN_MS = 5 * 60_000;

/**
 * Removes mIRC formatting, other control characters, and marks that turn the direction of foreign text around.
 *
 * @param {string} text
 */
export function stripControls(text) {
  return text.replace(/\r\n?/g, "\n").replace(CONTROLS, "");
}

/**
 * Cuts a text into plain parts and links; put together again they are the text.
 *
 * @param {string} text
 * @returns {{text: string, href: string | null}[]}
 */
export function splitLinks(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(URL_CANDIDATE)) {
    const url = trimUrl(match[0]);
    if (!URL.canParse(url)) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index), href: null });
    parts.push({ text: url, href: new URL(url).href });
    end = match.index + url.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), href: null });
  return parts;
}

/**
 * What a message says: its `text`, or else its JSON.
 *
 * @param {unknown} data any JSON value
 * @returns {{text: string, isAction: boolean, isJson: boolean}}
 */
export function contentOf(data) {
  if (typeof data === "string") return { text: stripControls(data), isAction: false, isJson: false };
  if (typeof data === "object" && data !== null && "text" in data && typeof data.text === "string") {
    return { text: stripControls(data.text), isAction: "action" in data && data.action === true, isJson: false };
  }
  const json = JSON.stringify(data, null, 2) ?? "";
  const text = json.length > MAX_JSON_LENGTH ? `${json.slice(0, MAX_JSON_LENGTH)}…` : json;
  return { text, isAction: false, isJson: true };
}

/**
 * The human half of a Bayeux error, `code:args:text`.
 *
 * @param {string | undefined} error
 */
export function errorText(error) {
  if (error === undefined || error === "") return "The server refused, and gave no reason.";
  return /^\d{3}:[^:]*:(.+)$/s.exec(error)?.[1] ?? error;
}

/**
 * A time that a message carries, or now when it carries none that can be read.
 *
 * @param {unknown} time ISO 8601
 * @param {Date} now
 */
export function parseTime(time, now) {
  const date = typeof time === "string" ? new Date(time) : now;
  return Number.isNaN(date.getTime()) ? now : date;
}

/**
 * @param {Date} a
 * @param {Date} b
 */
export function isSameDay(a, b) {
  return a.getFullYear() === b.getFullYear() && a.getMonth() === b.getMonth() && a.getDate() === b.getDate();
}

/**
 * How a day is called from today: "Today", "Yesterday", or its date.
 *
 * @param {Date} day
 * @param {Date} now
 * @param {string} [locale] as in BCP 47; the browser's without it
 */
export function dayLabel(day, now, locale) {
  if (isSameDay(day, now)) return "Today";
  if (isSameDay(day, new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return "Yesterday";
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(
    day,
  );
}

/**
 * Whether a message goes under the name that stands above the one before it.
 *
 * @param {{from: string, time: Date} | null} before
 * @param {{from: string, time: Date}} message
 */
export function isGrouped(before, message) {
  if (before === null || before.from !== message.from || !isSameDay(before.time, message.time)) return false;
  return Math.abs(message.time.getTime() - before.time.getTime()) < GROUPED_WITHIN_MS;
}

/**
 * Drops punctuation that ends the sentence rather than the address, and a bracket that was opened before it.
 *
 * @param {string} url
 */
function trimUrl(url) {
  let trimmed = url;
  while (TRAILING.test(trimmed) || (trimmed.endsWith(")") && count(trimmed, ")") > count(trimmed, "("))) {
    trimmed = trimmed.slice(0, -1);
  }
  return trimmed;
}

/**
 * @param {string} text
 * @param {string} character
 */
function count(text, character) {
  return text.split(character).length - 1;
}
