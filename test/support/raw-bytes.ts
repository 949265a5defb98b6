import { connect } from "node:net";

/** What a peer said to some bytes. */
export interface Exchanged {
  /** One character per byte. */
  readonly text: string;
  /** Whether the peer closed the connection. */
  readonly isClosed: boolean;
}

/** When an exchange is over. */
export interface ExchangeOptions {
  /** Enough has come, though the connection stays open. */
  readonly isEnough?: (text: string) => boolean;
  /** Closes our half after the bytes. */
  readonly endsInput?: boolean;
  readonly timeoutMs?: number;
}

const WAIT_MS = 10_000;

/**
 * Sends bytes as they are, and reads until there is enough or the peer closes.
 * @throws Error with what came, when neither happens in time
 */
export function exchange(
  port: number,
  bytes: string | Uint8Array,
  { isEnough = () => false, endsInput = false, timeoutMs = WAIT_MS }: ExchangeOptions = {},
): Promise<Exchanged> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchanged>();
  let text = "";
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: endsInput });
  const finish = (isClosed: boolean): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve({ text, isClosed });
  };
  const timer = setTimeout(() => {
    socket.destroy();
    reject(new Error(`neither an answer nor a close within ${timeoutMs} ms; so far ${JSON.stringify(text)}`));
  }, timeoutMs);
  socket.setEncoding("latin1").on("data", (part: string) => {
    text += part;
    if (isEnough(text)) finish(false);
  });
  // A reset is a close, too; `close` follows.
  socket.on("error", () => undefined);
  socket.on("end", () => finish(true));
  socket.once("close", () => finish(true));
  if (endsInput) socket.end(bytes);
  else socket.write(bytes);
  return promise;
}

/** True when a whole HTTP head has come, which is enough where the connection stays open. */
export function isHttpHead(text: string): boolean {
  return text.includes("\r\n\r\n");
}
