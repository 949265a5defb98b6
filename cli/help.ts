import { flagsOf } from "./flags.ts";
import type { Command } from "./commands.ts";
import type { ConfigKey } from "./keys.ts";

/** What help can be asked about; "tailspin" is the overview. */
export type Topic = Command | "tailspin";

interface Page {
  readonly usage: string;
  readonly about: string;
  /** Names of the few keys that most people come for. */
  readonly important: readonly string[];
  /** Sections that the command does not read. */
  readonly without: readonly string[];
  /** Reads its flags alone: neither the configuration's file nor the environment. */
  readonly hasOnlyFlags?: true;
}

const WIDTH = 100;
const INDENT = 38;

const PAGES: Record<Command, Page> = {
  up: {
    usage: "tailspin up [flags]",
    about:
      "Runs everything in one process: a dispatcher, a bridge, the chat page, and an IRC server unless a network is configured.",
    important: ["dispatcher.port", "dispatcher.host", "irc.port", "irc.host", "log.level"],
    without: ["halod", "status"],
  },
  dispatcher: {
    usage: "tailspin dispatcher [flags]",
    about: "Runs a dispatcher: it holds the browsers' connections, and talks to the bridges it is told of.",
    important: ["dispatcher.port", "dispatcher.host", "dispatcher.bridges", "dispatcher.halod", "secret", "log.level"],
    without: ["bridge", "mapping", "irc", "xmpp", "halod", "status"],
  },
  bridge: {
    usage: "tailspin bridge [flags]",
    about: "Runs a bridge: it owns the sessions, maps channels onto networks, and waits for dispatchers.",
    important: [
      "bridge.port",
      "bridge.host",
      "irc.host",
      "irc.port",
      "xmpp.jid",
      "xmpp.password",
      "secret",
      "log.level",
    ],
    without: ["dispatcher", "halod", "status"],
  },
  halod: {
    usage: "tailspin halod [flags]",
    about:
      "Runs HaloD: bridges and dispatchers register with it, and it tells them which bridge owns which route, also when one dies.",
    important: ["halod.port", "halod.host", "halod.file", "halod.spares", "secret", "log.level"],
    without: ["dispatcher", "bridge", "mapping", "irc", "xmpp", "status"],
  },
  status: {
    usage: "tailspin status [flags]",
    about: "Asks HaloD which bridges there are, what they own, and for how long; ends with 1 if it does not answer.",
    important: ["status.halod", "secret"],
    without: ["log", "drainTimeoutMs", "dispatcher", "bridge", "mapping", "irc", "xmpp", "halod"],
  },
  map: {
    usage: "tailspin map NAME... [flags]",
    about: "Tells where channels (/chat/room1) go, or what names of a network ('#chat.room1') are here, and why.",
    important: ["mapping", "irc.host", "xmpp.jid", "xmpp.mucService"],
    without: ["log", "secret", "routes", "dispatcher", "bridge", "link", "halod", "status"],
  },
  "config check": {
    usage: "tailspin config check [flags]",
    about: "Reads the configuration as every command does, tells all its faults at once, and starts nothing.",
    important: [],
    without: [],
  },
  "halod table": {
    usage: "tailspin halod table [flags]",
    about:
      "Prints the table of routes and nodes, from one node on, and what moves with each; as text, JSON or a picture.",
    important: ["routes", "nodes", "json", "svg"],
    without: [],
    hasOnlyFlags: true,
  },
  "halod zone": {
    usage: "tailspin halod zone [flags]",
    about: "Prints the table as a DNS zone: a name for each route, with the address of the node that owns it.",
    important: ["domain", "nodes", "iteration"],
    without: [],
    hasOnlyFlags: true,
  },
};

const CONFIG_FLAG: readonly [string, string] = [
  "--config FILE",
  "YAML or JSON; else TAILSPIN_CONFIG; else tailspin.yaml, .yml or .json in the working folder",
];

const SOURCES = [
  "Every key can be set in the file (dispatcher.port), in the environment (TAILSPIN_DISPATCHER_PORT),",
  "and by a flag (--dispatcher-port); flags win over the environment, which wins over the file.",
];

/** The text of `--help`. */
export function renderHelp(topic: Topic, keys: readonly ConfigKey[]): string {
  return (topic === "tailspin" ? overview(keys) : page(PAGES[topic], keys)).join("\n");
}

function overview(keys: readonly ConfigKey[]): string[] {
  const commands = Object.values(PAGES).flatMap(({ usage, about }) => row(usage.replace(" [flags]", ""), about));
  return [
    "TailSpin: browsers, IRC channels and XMPP rooms talk to each other.",
    "",
    "Usage: tailspin COMMAND [flags]",
    "",
    ...commands,
    ...row("tailspin COMMAND --help", "What a command does, and all its flags with their defaults."),
    ...row("tailspin version", "The version."),
    "",
    ...important(PAGES.up, keys),
    "",
    ...SOURCES,
    "",
    "Exit codes: 0 after a clean stop, 2 for a fault in the configuration, 1 for anything else.",
    "",
  ];
}

function page(content: Page, keys: readonly ConfigKey[]): string[] {
  const used = keys.filter(({ path }) => !content.without.includes(path[0] ?? ""));
  const rest = used.filter(({ name }) => !content.important.includes(name));
  return [
    `Usage: ${content.usage}`,
    "",
    ...wrap(content.about, WIDTH),
    "",
    ...important(content, keys),
    "",
    ...rest.flatMap(keyRow),
    ...(rest.length > 0 ? [""] : []),
    ...(content.hasOnlyFlags ? [] : [...SOURCES, ""]),
  ];
}

function important(content: Page, keys: readonly ConfigKey[]): string[] {
  const first = content.important.flatMap((name) => keys.filter((key) => key.name === name));
  return [...first.flatMap(keyRow), ...(content.hasOnlyFlags ? [] : row(...CONFIG_FLAG))];
}

function keyRow(key: ConfigKey): string[] {
  const flags = flagsOf(key).map((flag) => (key.type === "boolean" ? flag.replace("--", "--[no-]") : flag));
  const flag = `${flags.join(", ")}${placeholder(key)}`;
  const words = Array.isArray(key.type) ? `${key.type.join(", ")}` : "";
  const note = [key.description, words].filter((part) => part !== "").join(": ");
  return row(flag, [note, defaultNote(key)].filter((part) => part !== "").join(" "));
}

function placeholder({ type, whenAlone }: ConfigKey): string {
  if (type === "boolean") return "";
  if (type === "number") return " N";
  if (type === "list") return " A,B";
  if (type === "json") return " JSON";
  const word = type === "string" ? "TEXT" : "WORD";
  return whenAlone === undefined ? ` ${word}` : ` [${word}]`;
}

function defaultNote({ default: value, isSecret }: ConfigKey): string {
  if (value === undefined || value === null || value === "") return "(not set)";
  if (isSecret) return "(has a default)";
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return value.length === 0 ? "(empty)" : `(${value.join(",")})`;
  }
  return `(${typeof value === "string" ? value : JSON.stringify(value)})`;
}

function row(left: string, right: string): string[] {
  const lines = wrap(right, WIDTH - INDENT);
  const head = `  ${left}`;
  const isLong = head.length > INDENT - 2;
  const body = lines.map((line, index) => (index === 0 && !isLong ? head.padEnd(INDENT) : " ".repeat(INDENT)) + line);
  return isLong || body.length === 0 ? [head, ...body] : body;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((part) => part !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
