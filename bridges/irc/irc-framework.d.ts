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
    tls: boolean;
    rejectUnauthorized: boolean;
    nick: string;
    username: string;
    gecos: string;
    password?: string;
    account: Record<string, never>;
    version: string;
    auto_reconnect: boolean;
    ping_interval: number;
    ping_timeout: number;
    transport: unknown;
  }

  export interface NetworkInfo {
    readonly options: Readonly<Record<string, unknown>>;
    readonly cap: { isEnabled(name: string): boolean };
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
      end(line: string | null, hadError?: boolean): void;
      on(event: string, listener: (...args: unknown[]) => void): void;
    };
    connect(options: ClientOptions): void;
    raw(line: string): void;
    requestCap(name: string): void;
    on(event: "socket close", listener: (error: unknown) => void): void;
    removeAllListeners(): void;
  }

  export function ircLineParser(line: string): Message;

  export const MessageTags: {
    encodeValue(value: string): string;
    decodeValue(value: string): string;
  };
}

declare module "irc-framework/src/transports/net.js" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";

  export default class NetTransport extends EventEmitter {
    constructor(options: object);
    socket: Socket | null;
    isConnected(): boolean;
    onSocketFullyConnected(): void;
    onSocketData(data: Buffer): void;
    writeLine(line: string, callback?: () => void): void;
    close(force: boolean): void;
  }
}
