import { ConfigError } from "./config-error.ts";
import { label } from "./show.ts";
import { didYouMean, suggest } from "./suggest.ts";

/** What TailSpin can be told to do. */
export const COMMANDS = ["up", "dispatcher", "bridge", "map", "config check"] as const;

/** One of them. */
export type Command = (typeof COMMANDS)[number];

/** What the arguments ask for; `names` are the words after `map`, and `flags` is what follows, still unread. */
export type ParsedCommand =
  | { readonly command: Exclude<Command, "map">; readonly flags: readonly string[] }
  | { readonly command: "map"; readonly names: readonly string[]; readonly flags: readonly string[] }
  | { readonly command: "help"; readonly topic: Command | "tailspin" }
  | { readonly command: "version" };

const HELP = ["--help", "-h"];
const VERSION = ["--version", "-v", "-V", "version"];

/**
 * Reads the arguments after the program's name.
 *
 * @throws ConfigError when the command is unknown or missing
 */
export function parseCommand(argv: readonly string[]): ParsedCommand {
  const [first] = argv;
  if (first === undefined || HELP.includes(first)) return { command: "help", topic: "tailspin" };
  if (VERSION.includes(first)) return { command: "version" };
  if (first === "help") return { command: "help", topic: topicOf(argv.slice(1)) };
  if (first === "config" && argv.slice(1).some((arg) => HELP.includes(arg))) {
    return { command: "help", topic: "config check" };
  }
  const command = commandOf(argv);
  const rest = argv.slice(command.split(" ").length);
  if (rest.some((word) => HELP.includes(word))) return { command: "help", topic: command };
  if (command !== "map") return { command, flags: rest };
  const firstFlag = rest.findIndex((word) => word.startsWith("-"));
  const names = firstFlag < 0 ? rest : rest.slice(0, firstFlag);
  if (names.length === 0) throw new ConfigError(["map: needs channels or foreign names, before the flags"]);
  return { command, names, flags: rest.slice(names.length) };
}

function topicOf(words: readonly string[]): Command | "tailspin" {
  if (words.length === 0 || words.some((word) => HELP.includes(word))) return "tailspin";
  return words[0] === "config" ? "config check" : commandOf(words);
}

function commandOf(argv: readonly string[]): Command {
  const [first = "", second = ""] = argv;
  const known = COMMANDS.find((command) => command === first || command === `${first} ${second}`);
  if (known !== undefined) return known;
  const list = `the commands are ${[...COMMANDS, "help", "version"].join(", ")}`;
  if (first.startsWith("-"))
    throw new ConfigError([`${label(flagName(first))}: a command stands before the flags; ${list}`]);
  if (first === "config") {
    const what = second === "" ? "config: needs a second word" : `config ${label(second)}: unknown command`;
    throw new ConfigError([`${what}; did you mean config check?`]);
  }
  const two = suggest(`${first} ${second}`, ["config check"]);
  const hint = two === undefined ? didYouMean(first, [...COMMANDS, "help", "version"]) : `; did you mean ${two}?`;
  throw new ConfigError([`${label(first)}: unknown command; ${list}${hint}`]);
}

/** Without the value, which may be a secret. */
function flagName(arg: string): string {
  return arg.split("=", 1)[0] ?? arg;
}
