/** A real server under a test's control; its addresses stay the same over stop and start. */
export interface TestServer extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  /** Where clients connect. */
  readonly port: number;
  /** Its other ports, by what they are for: `component` of an XMPP server. */
  readonly otherPorts: Readonly<Record<string, number>>;
  /** What the server says it can do: capabilities of IRC without values, features of an XMPP server's rooms. */
  readonly capabilities: readonly string[];
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Starts it again on the same port, and waits until it answers. */
  start(): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Stops it in its tracks: connections stay open, nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}
