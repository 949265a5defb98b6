import { ConfigError } from "./config-error.ts";
import { label } from "./show.ts";
import { didYouMean, suggest } from "./suggest.ts";

/** What TailSpin can be told to do. */
export const COMMANDS = [
  "up",
  "dispatcher",
  "bridge",
  "halod",
  "status",
  "map",
  "config check",
  "halod table",
  "halod zone",
] as const;

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
  const group = secondWordsOf(first);
  if (group.length > 0 && HELP.includes(argv[1] ?? "")) return { command: "help", topic: topicOf([first]) };
  const command = commandOf(argv);
  const rest = argv.slice(command.split(" ").length);
  if (rest.some((word) => HELP.includes(word))) return { command: "help", topic: command };
  if (command !== "map") return { command, flags: rest };
  const firstFlag = rest.findIndex((word) => word.startsWith("-"));
  const names = firstFlag < 0 ? rest : rest.slice(0, firstFlag);
  if (names.length === 0)
    throw new ConfigError(["map: needs channels or foreign names, before the flags: map /lobby --config FILE"]);
  return { command, names, flags: rest.slice(names.length) };
}

function topicOf(words: readonly string[]): Command | "tailspin" {
  if (words.length === 0 || words.some((word) => HELP.includes(word))) return "tailspin";
  const group = secondWordsOf(words[0] ?? "");
  const isWhole = group.length === 0 || isCommand(words[0]) || (words.length > 1 && group.includes(words[1] ?? ""));
  if (isWhole) return commandOf(words);
  // The overview tells the commands of a group apart.
  const only = COMMANDS.filter((command) => command.startsWith(`${words[0]} `));
  return only.length === 1 ? (only[0] ?? "tailspin") : "tailspin";
}

function commandOf(argv: readonly string[]): Command {
  const [first = "", second = ""] = argv;
  const known =
    COMMANDS.find((command) => command === `${first} ${second}`) ?? COMMANDS.find((command) => command === first);
  const group = secondWordsOf(first);
  // A group may be a command itself, and what follows it a flag.
  const isMisspelt = group.length > 0 && known === first && second !== "" && !second.startsWith("-");
  if (known !== undefined && !isMisspelt) return known;
  const list = `the commands are ${[...COMMANDS, "help", "version"].join(", ")}`;
  if (first.startsWith("-"))
    throw new ConfigError([`${label(flagName(first))}: a command stands before the flags; ${list}`]);
  if (group.length > 0) {
    const what = second === "" ? `${first}: needs a second word` : `${first} ${label(second)}: unknown command`;
    const meant = group.map((word) => `${first} ${word}`).join(" or ");
    throw new ConfigError([`${what}; did you mean ${meant}?`]);
  }
  const two = suggest(
    `${first} ${second}`,
    COMMANDS.filter((command) => command.includes(" ")),
  );
  const hint = two === undefined ? didYouMean(first, [...COMMANDS, "help", "version"]) : `; did you mean ${two}?`;
  throw new ConfigError([`${label(first)}: unknown command; ${list}${hint}`]);
}

function isCommand(word: string | undefined): boolean {
  return COMMANDS.some((command) => command === word);
}

/** What may follow a first word that is not a command by itself. */
function secondWordsOf(first: string): string[] {
  return COMMANDS.flatMap((command) => (command.startsWith(`${first} `) ? [command.slice(first.length + 1)] : []));
}

/** Without the value, which may be a secret. */
function flagName(arg: string): string {
  return arg.split("=", 1)[0] ?? arg;
}
