/** Where a page begins that names no room. */
export const DEFAULT_ROOM = "lobby";

const MAX_LENGTH = 48;
const ROOM = /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)*$/;
/** First segments that mean something else to the server. */
const RESERVED = new Set(["meta", "service", "presence"]);

/**
 * Reads a room as people type it: `Lobby`, `#lobby` and `/lobby` are one room.
 *
 * @param {string} typed
 * @returns {{room: string, problem: null} | {room: null, problem: string}}
 */
export function parseRoom(typed) {
  const room = typed
    .trim()
    .replace(/^[#/]+/, "")
    .toLowerCase();
  const problem = problemOf(room);
  return problem === null ? { room, problem } : { room: null, problem };
}

/**
 * The room named by a page address, `/?room=lobby`.
 *
 * @param {string} search the query with its question mark
 * @returns {{room: string, problem: string | null}} with a problem, the default room
 */
export function roomFromSearch(search) {
  const typed = new URLSearchParams(search).get("room");
  if (typed === null || typed.trim() === "") return { room: DEFAULT_ROOM, problem: null };
  const { room, problem } = parseRoom(typed);
  return room === null ? { room: DEFAULT_ROOM, problem } : { room, problem: null };
}

/**
 * The page address of a room.
 *
 * @param {string} room
 */
export function searchOfRoom(room) {
  return `/?room=${encodeURIComponent(room).replaceAll("%2F", "/")}`;
}

/**
 * Puts a room first in a list of recent ones, without repeating it.
 *
 * @param {readonly string[]} rooms
 * @param {string} room
 * @param {number} limit
 */
export function withRecent(rooms, room, limit) {
  return [room, ...rooms.filter((other) => other !== room)].slice(0, limit);
}

/** @param {string} room */
function problemOf(room) {
  if (room === "") return "Write the name of a room.";
  if (room.length > MAX_LENGTH) return `A room's name has at most ${MAX_LENGTH} characters.`;
  if (!ROOM.test(room)) return "Use letters a to z, digits, - and _, with / between parts.";
  // The stack shows itself there, and nowhere below.
  if (RESERVED.has(room.split("/", 1)[0] ?? "") || room === "halo") return "That name is kept for the server.";
  return null;
}
