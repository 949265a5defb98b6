import NetTransport from "irc-framework/src/transports/net.js";

/** Tags take up to 8,191 bytes and the rest 512; a server that sends more in one line is not an IRC server. */
const MAX_LINE_BYTES = 16_384;
const LINE_FEED = 0x0a;

/**
 * irc-framework's TCP and TLS transport with four repairs: lines are decoded whole (its decoder drops a leading BOM),
 * the receive buffer is bounded, a line that the library cannot handle does not end the process, and nothing with a
 * line break is written. It writes once per turn of the event loop.
 */
export class LineTransport extends NetTransport {
  #rest: Buffer = Buffer.alloc(0);
  #isCorked = false;

  override onSocketFullyConnected(): void {
    this.socket?.setNoDelay(true);
    super.onSocketFullyConnected();
  }

  override onSocketData(data: Buffer): void {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#emitLine(bytes.toString("utf8", start, end).replace(/\r+$/, ""));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length <= MAX_LINE_BYTES) return;
    this.#rest = Buffer.alloc(0);
    this.emit("extra", "bad line", new Error(`a line of more than ${MAX_LINE_BYTES} bytes`));
    this.close(true);
  }

  override writeLine(line: string, callback?: () => void): void {
    const socket = this.socket;
    if (socket === null || !this.isConnected() || /[\r\n\0]/.test(line)) {
      if (callback !== undefined) process.nextTick(callback);
      return;
    }
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      setImmediate(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    socket.write(`${line}\r\n`, callback);
  }

  #emitLine(line: string): void {
    try {
      this.emit("line", line);
    } catch (error) {
      this.emit("extra", "bad line", error);
    }
  }
}
