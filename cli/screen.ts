import { styleText } from "node:util";

interface IrcAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Ours, inside this process. */
  readonly isEmbedded: boolean;
}

/** What the operator wants to know once everything runs. */
export interface Screen {
  readonly version: string;
  /** The chat page, e.g. `http://127.0.0.1:8080/`. */
  readonly chatUrl: string;
  /** The page of the stack, where it shows itself. */
  readonly stackUrl?: string | undefined;
  readonly bayeuxUrl: string;
  readonly irc?: IrcAddress | undefined;
  readonly xmpp?: { readonly host: string; readonly port: number } | undefined;
  /** What people join to meet `/lobby`. */
  readonly lobby: { readonly network: string; readonly name: string };
  readonly isColored: boolean;
}

/** Whether to colour the output: on a terminal, unless NO_COLOR is set (no-color.org). */
export function wantsColor(isTTY: boolean | undefined, noColor: string | undefined): boolean {
  return isTTY === true && (noColor === undefined || noColor === "");
}

/** The start-up text of `tailspin up`, one screen at most. */
export function renderScreen({ version, chatUrl, stackUrl, bayeuxUrl, irc, xmpp, lobby, isColored }: Screen): string {
  const bold = (text: string) => paint("bold", text, isColored);
  const dim = (text: string) => paint("dim", text, isColored);
  const lines = [
    `${bold(`TailSpin ${version}`)} is ready.`,
    "",
    `  Chat page   ${bold(chatUrl)}`,
    ...(stackUrl === undefined ? [] : [`  The stack   ${stackUrl}`]),
    `  Bayeux      ${bayeuxUrl}`,
    ...(irc ? [`  IRC         ${address(irc)}${irc.tls ? " (TLS)" : ""}  ${dim(kindOf(irc))}`] : []),
    ...(xmpp ? [`  XMPP        ${address(xmpp)}`] : []),
    "",
    ...(irc && lobby.network === "irc" ? invitation(irc, lobby.name) : []),
    ...(xmpp && lobby.network === "xmpp"
      ? [`Open the chat page, then join the room ${lobby.name}; it is /lobby there.`]
      : []),
  ];
  lines.push("", dim("Stop with Ctrl-C. Every setting: tailspin up --help"), "");
  return lines.join("\n");
}

function kindOf({ isEmbedded }: IrcAddress): string {
  return isEmbedded ? "embedded server, for development: loopback only, nothing is kept" : "external network";
}

function invitation({ host, port, tls, isEmbedded }: IrcAddress, lobby: string): string[] {
  const lines = [
    `Open the chat page, then join from IRC; /lobby there is ${lobby} here:`,
    "",
    `  irssi -c ${host} -p ${port}${tls ? " --tls" : ""} -n you    then: /join ${lobby}`,
  ];
  if (isEmbedded) {
    lines.push(
      `  printf 'NICK you\\r\\nUSER you 0 * :you\\r\\nJOIN ${lobby}\\r\\nPRIVMSG ${lobby} :hello\\r\\n' | nc -q 3 ${host} ${port}`,
    );
  }
  return lines;
}

function address({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function paint(style: "bold" | "dim", text: string, isColored: boolean): string {
  return isColored ? styleText(style, text, { validateStream: false }) : text;
}
