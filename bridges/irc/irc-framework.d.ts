/** The part of irc-framework 4.14 that TailSpin uses; the package has no types of its own. */
declare module "irc-framework" {
  export interface Message {
    readonly command: string;
    readonly params: readonly string[];
    readonly tags: Readonly<Record<string, string>>;
    readonly prefix: string;
    readonly nick: string;
  }

  export interface ClientOptions {
    host: string;
    port: number;
    tls?: boolean;
    rejectUnauthorized?: boolean;
    /** Not the library's: it hands all options to the transport. */
    security?: unknown;
    /** Nor is this. */
    onPrivmsg?: unknown;
    nick: string;
    username: string;
    gecos: string;
    password?: string;
    account: { account?: string; password?: string };
    sasl_mechanism?: "EXTERNAL";
    version: string;
    auto_reconnect: boolean;
    ping_interval: number;
    ping_timeout: number;
    transport: unknown;
  }

  export interface NetworkInfo {
    /** Who welcomed us. */
    readonly server: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly cap: { isEnabled(name: string): boolean; readonly available: ReadonlyMap<string, string> };
    supportsTag(name: string): boolean;
  }

  type Middleware = (
    command: string,
    message: Message,
    rawLine: string,
    client: Client,
    next: (error?: unknown) => void,
  ) => void;

  export class Client {
    constructor();
    readonly user: { readonly nick: string };
    readonly network: NetworkInfo;
    readonly raw_middleware: { use(middleware: Middleware): void };
    readonly connection: {
      /** The way is open: after the TLS handshake, where there is one. */
      readonly connected: boolean;
      /** An instance of the class in the options, from the first connect on. */
      readonly transport: unknown;
      end(line: string | null, hadError?: boolean): void;
      on(event: string, listener: (...args: unknown[]) => void): void;
    };
    connect(options: ClientOptions): void;
    raw(line: string): void;
    requestCap(name: string): void;
    on(event: "socket close", listener: (error: unknown) => void): void;
    on(event: "socket connected", listener: () => void): void;
    on(event: "sasl failed", listener: (event: { readonly reason: string }) => void): void;
    removeAllListeners(): void;
  }

  export function ircLineParser(line: string): Message;

  export const MessageTags: {
    encodeValue(value: string): string;
    decodeValue(value: string): string;
  };
}
