/**
 * The baseline: a process that can do nothing but write one prepared frame to every socket, once per message. No less
 * can be done for a delivery that leaves alone.
 */
import { createServer, type Socket } from "node:net";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { dieWithBench, fail, report } from "../load/child.ts";

const UPGRADED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const FINAL_TEXT = 0x81;
const LENGTH_16 = 126;

const sockets = new Set<Socket>();

/** Who begins with GET wants messages; who says anything else publishes, line by line. */
const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined); // `close` follows.
  socket.once("close", () => sockets.delete(socket));
  socket.once("data", (head: Buffer) => {
    if (head.toString("latin1").startsWith("GET ")) {
      socket.write(UPGRADED);
      sockets.add(socket);
      socket.resume();
      return;
    }
    socket.unshift(head);
    createInterface({ input: socket }).on("line", onLine);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") return fail(new TypeError("the server does not listen on TCP"));
  report({ type: "ready", port: address.port });
});
dieWithBench();

/** @param line `PRIVMSG #channel :text` */
function onLine(line: string): void {
  const [, channel = "", text = ""] = /^PRIVMSG #(\S+) :(.*)$/.exec(line) ?? [];
  // As long as what a dispatcher writes.
  const tailspin = { from: "benchmark", network: "irc", time: new Date().toISOString(), id: randomUUID() };
  const json = JSON.stringify([{ channel: `/${channel}`, data: { text }, ext: { tailspin } }]);
  const frame = Buffer.alloc(4 + Buffer.byteLength(json));
  frame[0] = FINAL_TEXT;
  frame[1] = LENGTH_16;
  frame.writeUInt16BE(frame.length - 4, 2);
  frame.write(json, 4);
  for (const socket of sockets) socket.write(frame);
}
