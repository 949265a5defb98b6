import { stripControls } from "./format.js";

const MAX_LENGTH = 32;
/** How many tints style sheets have for people. */
const TINTS = 8;

/**
 * Reads a name as somebody types it; the server has the same rules.
 *
 * @param {string} typed
 * @returns {{name: string, problem: null} | {name: null, problem: string}}
 */
export function parseName(typed) {
  const name = typed.trim();
  const problem = problemOf(name);
  return problem === null ? { name, problem } : { name: null, problem };
}

/**
 * One or two characters that stand for a person.
 *
 * @param {string} name
 */
export function initialOf(name) {
  const first = name.match(/[\p{L}\p{N}]/u) ?? name.match(/./u);
  return (first?.[0] ?? "?").toUpperCase();
}

/**
 * A number below the count of tints that is always the same for a name.
 *
 * @param {string} name
 */
export function tintOf(name) {
  let hash = 0;
  for (const character of name.toLowerCase()) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % TINTS;
}

/** @param {string} name */
function problemOf(name) {
  if (name === "") return "Write a name first.";
  if (name.length > MAX_LENGTH) return `A name has at most ${MAX_LENGTH} characters.`;
  if (/[<>]/.test(name)) return "A name cannot contain < or >.";
  if (stripControls(name) !== name || /\s/.test(name.replaceAll(" ", "")))
    return "A name cannot contain control characters.";
  return null;
}
