/** The part of irc-framework's line parser that the embedded server uses; the package ships no types. */
declare module "irc-framework/src/irclineparser.js" {
  interface ParsedLine {
    /** Upper case; empty when the line has none. */
    readonly command: string;
    readonly params: readonly string[];
  }
  /** Parses one line without its line end. */
  export default function parseIrcLine(line: string): ParsedLine;
}
