import { isDeclaredName } from "../../bayeux/index.ts";

/** Somebody's browser, as bridges tell each other of it: the session's public id, and the name. */
export interface Browser {
  readonly id: string;
  readonly name: string;
}

/** What every announcement says of its bridge, so that a receiver sees whether it has missed something. */
export interface BridgeState {
  /** Random, new whenever a bridge begins to be in a channel: versions of one epoch can be compared. */
  readonly epoch: string;
  /** Grows by one with every change. 0: nobody was here yet. */
  readonly version: number;
  /** Named browsers in the channel. */
  readonly total: number;
  /** How many of them are announced. */
  readonly listed: number;
}

/** What one bridge says to the others in a channel. */
export type Announcement = BridgeState &
  (
    | { readonly type: "hello" }
    /** Asks these epochs, or everybody who has browsers here, for their lists. */
    | { readonly type: "ask"; readonly number: number; readonly of: readonly string[] | null }
    /** From the version before to this one. */
    | { readonly type: "change"; readonly joined: readonly Browser[]; readonly left: readonly string[] }
    /** All that is listed at this version, in parts 1 … `parts`; `answers` are asks: an epoch, `.`, its number. */
    | {
        readonly type: "list";
        readonly part: number;
        readonly parts: number;
        readonly browsers: readonly Browser[];
        readonly answers: readonly string[];
      }
  );

/**
 * Bytes of one announcement's text. IRC has 4,094 for client tags, where a space or a backslash takes two.
 */
export const MAX_ANNOUNCEMENT_BYTES = 1_900;
/** Epochs in one ask, and asks that one list answers; what does not fit is asked again. */
export const MAX_REFERENCES = 16;
/** What surrounds the browsers in a change or a list, at its longest. */
const FRAME_BYTES = 700;
const MAX_PARTS = 10_000;
const EPOCH = /^[A-Za-z0-9_-]{8}$/;
const ANSWER = /^[A-Za-z0-9_-]{8}\.\d{1,16}$/;
const PUBLIC_ID = /^[0-9a-f]{12}$/;

/** Writes an announcement; one made of `splitToFit` is within `MAX_ANNOUNCEMENT_BYTES`. */
export function writeAnnouncement(announcement: Announcement): string {
  const { type: t, epoch: e, version: n, total: c, listed: s } = announcement;
  const state = { t, e, n, c, s };
  switch (announcement.type) {
    case "hello":
      return JSON.stringify(state);
    case "ask":
      return JSON.stringify({ ...state, q: announcement.number, of: announcement.of ?? undefined });
    case "change":
      return JSON.stringify({ ...state, j: pairs(announcement.joined), l: announcement.left });
    case "list": {
      const { part, parts, browsers, answers } = announcement;
      return JSON.stringify({ ...state, p: [part, parts], m: pairs(browsers), a: answers });
    }
  }
}

/** @returns null for what no bridge says */
export function readAnnouncement(text: string): Announcement | null {
  if (Buffer.byteLength(text) > MAX_ANNOUNCEMENT_BYTES) return null;
  const fields = readObject(text);
  const { t: type, e: epoch, n: version, c: total, s: listed } = fields;
  if (!isMatch(epoch, EPOCH) || !isCount(version) || !isCount(total) || !isCount(listed) || listed > total) return null;
  const state = { epoch, version, total, listed };
  switch (type) {
    case "hello":
      return { type, ...state };
    case "ask": {
      const { q: number, of = null } = fields;
      if (!isCount(number) || (of !== null && !isListOf(of, EPOCH))) return null;
      return { type, ...state, number, of };
    }
    case "change": {
      const joined = readBrowsers(fields["j"]);
      const left = fields["l"];
      if (version < 1 || joined === null || !isListOf(left, PUBLIC_ID)) return null;
      return { type, ...state, joined, left };
    }
    case "list": {
      const { p: place, a: answers } = fields;
      const browsers = readBrowsers(fields["m"]);
      const [part, parts]: unknown[] = Array.isArray(place) ? place : [];
      if (browsers === null || !isCount(part) || !isCount(parts) || !isListOf(answers, ANSWER)) return null;
      if (part < 1 || part > parts || parts > MAX_PARTS) return null;
      return { type, ...state, part, parts, browsers, answers };
    }
    default:
      return null;
  }
}

/** Splits what goes into announcements, in order, so that each fits; no items are one empty group. */
export function splitToFit<T>(items: Iterable<T>, bytesOf: (item: T) => number): T[][] {
  const groups: T[][] = [[]];
  let room = MAX_ANNOUNCEMENT_BYTES - FRAME_BYTES;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (bytes > room && groups.at(-1)?.length !== 0) {
      groups.push([]);
      room = MAX_ANNOUNCEMENT_BYTES - FRAME_BYTES;
    }
    groups.at(-1)?.push(item);
    room -= bytes;
  }
  return groups;
}

/** @returns what a browser takes in an announcement, its comma included */
export function browserBytes({ id, name }: Browser): number {
  return Buffer.byteLength(JSON.stringify([id, name])) + 1;
}

function pairs(browsers: readonly Browser[]): [string, string][] {
  return browsers.map(({ id, name }) => [id, name]);
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function readBrowsers(value: unknown): Browser[] | null {
  if (!Array.isArray(value)) return null;
  const browsers: Browser[] = [];
  for (const pair of value) {
    const [id, name]: unknown[] = Array.isArray(pair) ? pair : [];
    if (!isMatch(id, PUBLIC_ID) || typeof name !== "string" || !isDeclaredName(name)) return null;
    browsers.push({ id, name });
  }
  return browsers;
}

function isListOf(value: unknown, pattern: RegExp): value is string[] {
  return Array.isArray(value) && value.every((item) => isMatch(item, pattern));
}

function isMatch(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && typeof value === "number" && value >= 0;
}
