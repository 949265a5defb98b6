import { styleText } from "node:util";

/** What the operator wants to know once everything runs. */
export interface Screen {
  readonly version: string;
  /** The chat page, e.g. `http://127.0.0.1:8080/`. */
  readonly chatUrl: string;
  readonly bayeuxUrl: string;
  readonly irc: {
    readonly host: string;
    readonly port: number;
    readonly tls: boolean;
    /** Ours, inside this process. */
    readonly isEmbedded: boolean;
  };
  readonly isColored: boolean;
}

/** Whether to colour the output: on a terminal, unless NO_COLOR is set (no-color.org). */
export function wantsColor(isTTY: boolean | undefined, noColor: string | undefined): boolean {
  return isTTY === true && (noColor === undefined || noColor === "");
}

/** The start-up text of `tailspin up`, one screen at most. */
export function renderScreen({ version, chatUrl, bayeuxUrl, irc, isColored }: Screen): string {
  const bold = (text: string) => paint("bold", text, isColored);
  const dim = (text: string) => paint("dim", text, isColored);
  const address = `${irc.host.includes(":") ? `[${irc.host}]` : irc.host}:${irc.port}`;
  const kind = irc.isEmbedded ? "embedded server, for development: loopback only, nothing is kept" : "external network";
  const tls = irc.tls ? " --tls" : "";
  const lines = [
    `${bold(`TailSpin ${version}`)} is ready.`,
    "",
    `  Chat page   ${bold(chatUrl)}`,
    `  Bayeux      ${bayeuxUrl}`,
    `  IRC         ${address}${irc.tls ? " (TLS)" : ""}  ${dim(kind)}`,
    "",
    "Open the chat page, then join from IRC; /lobby there is #lobby here:",
    "",
    `  irssi -c ${irc.host} -p ${irc.port}${tls} -n you    then: /join #lobby`,
  ];
  if (irc.isEmbedded) {
    lines.push(
      `  printf 'NICK you\\r\\nUSER you 0 * :you\\r\\nJOIN #lobby\\r\\nPRIVMSG #lobby :hello\\r\\n' | nc -q 3 ${irc.host} ${irc.port}`,
    );
  }
  lines.push("", dim("Stop with Ctrl-C. Every setting: tailspin up --help"), "");
  return lines.join("\n");
}

function paint(style: "bold" | "dim", text: string, isColored: boolean): string {
  return isColored ? styleText(style, text, { validateStream: false }) : text;
}
