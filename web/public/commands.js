/**
 * What somebody means by a line they typed.
 *
 * @typedef {{type: "say", text: string, isAction: boolean} | {type: "join", room: string} | {type: "nick", name: string} |
 *   {type: "help"} | {type: "unknown", command: string} | {type: "nothing"}} Intent
 */

/**
 * Reads a typed line; only a word after one leading slash is a command, so that `/etc/hosts` can be said.
 *
 * @param {string} typed
 * @returns {Intent}
 */
export function parseCommand(typed) {
  const text = typed.trim();
  if (text === "") return { type: "nothing" };
  if (text.startsWith("//")) return { type: "say", text: text.slice(1), isAction: false };
  const match = /^\/([a-z]+)(?:\s+(.*))?$/is.exec(text);
  if (match === null) return { type: "say", text, isAction: false };
  const [command, rest] = [(match[1] ?? "").toLowerCase(), (match[2] ?? "").trim()];
  switch (command) {
    case "me":
      return rest === "" ? { type: "nothing" } : { type: "say", text: rest, isAction: true };
    case "join":
    case "j":
      return { type: "join", room: rest };
    case "nick":
      return { type: "nick", name: rest };
    case "help":
      return { type: "help" };
    default:
      return { type: "unknown", command };
  }
}
