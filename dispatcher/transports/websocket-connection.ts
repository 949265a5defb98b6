import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { BayeuxError, parseBatch } from "../../bayeux/index.ts";
import type { RequestContext } from "../../link/index.ts";
import { BatchText, type Group, splitBatch } from "../batch.ts";
import { Exchange, type ExchangeOwner } from "../exchange.ts";
import { type Failure, failures, tooManySessions } from "../replies.ts";
import type { Tier } from "../tier.ts";
import { userOf } from "../user-routes.ts";
import { SocketConnect, type SocketConnectOwner } from "./socket-connect.ts";
import { SocketSession, type SocketSessionOwner } from "./socket-session.ts";
import { PING_FRAME } from "./websocket-frame.ts";
import type { InTurn } from "./pace.ts";
import type { PushOwner } from "./push-transport.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

const MAX_BAD_BATCHES = 10;

/** One WebSocket: reads batches, hands their groups to the bridges, and keeps the sessions that connect over it. */
export class WebSocketConnection implements SocketSessionOwner, SocketConnectOwner, ExchangeOwner, PushOwner {
  readonly #tier: Tier;
  readonly #ws: WebSocket;
  readonly #transport: WebSocketTransport;
  /** What the upgrade carried. */
  readonly #context: RequestContext;
  readonly #sessions = new Map<string, SocketSession>();
  readonly #exchanges = new Set<Exchange>();
  /** Connects whose route is changing hands. */
  readonly #waiting = new Set<SocketConnect>();
  /** Batches that came while too many requests were under way: at most what one read of the socket holds. */
  #backlog: Buffer[] = [];
  /** Connects that are neither answered nor held. */
  #connects = 0;
  #badBatches = 0;
  #idleSince: number;
  #isAlive = true;
  #isReading = false;
  /** Set when it is to end. */
  #inTurn: InTurn | null = null;
  #awaitsTurn = false;

  /** @param socket the raw one of the upgrade */
  constructor(tier: Tier, ws: WebSocket, socket: Duplex, context: RequestContext) {
    this.#tier = tier;
    this.#ws = ws;
    this.#context = context;
    this.#transport = new WebSocketTransport(ws, socket, tier.config, this);
    this.#idleSince = tier.now();
    ws.on("message", (data, isBinary) => this.#onMessage(data, isBinary));
    ws.on("ping", (data) => this.#onPing(data));
    ws.on("pong", () => (this.#isAlive = true));
    ws.on("error", (error) =>
      tier.faults.count("websocket.protocol", "bad websocket input refused", { reason: error.message }),
    );
    ws.on("close", () => this.#onClose());
  }

  /** Looks after the connection, once per ping interval. */
  check(): void {
    const { config, now, faults } = this.#tier;
    const isIdle = this.#sessions.size === 0 && this.#inFlight === 0;
    if (isIdle && now() - this.#idleSince >= config.idleSocketMs) return this.#transport.close(1000, "no session");
    // While it is not read by our own will, its pongs are not seen either.
    if (!this.#isAlive && !this.#ws.isPaused) {
      faults.count("websocket.silent", "pong missed, socket cut off");
      return this.#ws.terminate();
    }
    this.#isAlive = false;
    this.#transport.write(PING_FRAME);
  }

  /** Closes the socket in an orderly way, after whatever the bridges are sending to it right now, and in its turn. */
  drain(inTurn: InTurn): void {
    this.#inTurn = inTurn;
    for (const session of [...this.#sessions.values()]) session.recall();
    for (const connect of this.#takeWaiting()) this.#fail(connect, "stopping");
    this.#closeIfDrained();
  }

  terminate(): void {
    this.#ws.terminate();
  }

  onSettled(): void {
    this.#connects--;
    this.#read();
  }

  onEnded(session: SocketSession, unsettled: number): void {
    this.#connects -= unsettled;
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
    this.#afterActivity();
  }

  onRefused(connect: SocketConnect): void {
    this.#wait(connect, "refused");
  }

  onTurn(connect: SocketConnect): void {
    this.#waiting.delete(connect);
    this.#send(connect);
  }

  onOver(connect: SocketConnect): void {
    this.#waiting.delete(connect);
    this.#fail(connect, connect.failure);
  }

  onAnswer(exchange: Exchange, messages: Buffer): void {
    this.#exchanges.delete(exchange);
    if (messages.length > 0) this.#transport.send(messages);
    this.#afterActivity();
  }

  onSlow(): void {
    for (const session of this.#sessions.values()) session.pause();
  }

  onDrained(): void {
    for (const session of this.#sessions.values()) session.resume();
  }

  onOverflow(unsentBytes: number): void {
    this.#tier.faults.count("websocket.overflow", "slow reader cut off", { unsentBytes });
  }

  get #inFlight(): number {
    return this.#connects + this.#waiting.size + this.#exchanges.size;
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#isAlive = true;
    if (isBinary || !Buffer.isBuffer(data)) {
      this.#tier.faults.count("websocket.binary", "binary frame refused");
      return this.#transport.close(UNSUPPORTED_DATA, "text frames only");
    }
    this.#backlog.push(data);
    this.#read();
  }

  /** Takes batches while there is room for their requests; a loop, since an answer may come at once and call it again. */
  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const { maxRequestsPerSocket } = this.#tier.config;
    let taken = 0;
    while (taken < this.#backlog.length && this.#inFlight < maxRequestsPerSocket) {
      const bytes = this.#backlog[taken++];
      if (bytes && this.#ws.readyState === this.#ws.OPEN) this.#onBatch(bytes);
    }
    if (taken > 0) this.#backlog = this.#backlog.length === taken ? [] : this.#backlog.slice(taken);
    this.#isReading = false;
    const isFull = this.#backlog.length > 0 || this.#inFlight >= maxRequestsPerSocket;
    if (isFull && !this.#ws.isPaused) this.#ws.pause();
    else if (!isFull && this.#ws.isPaused) this.#ws.resume();
  }

  #onBatch(bytes: Buffer): void {
    const text = bytes.toString();
    let batch;
    try {
      batch = parseBatch(text, this.#tier.config);
    } catch (error) {
      if (!(error instanceof BayeuxError)) throw error;
      return this.#onBadBatch(error);
    }
    const { groups, replies, mayHold } = splitBatch(batch, this.#tier.bridges.routes, true);
    // Faye's heartbeat is an empty array, and wants one back.
    if (replies.size > 0 || batch.length === 0) this.#transport.send(Buffer.from([...replies.values()].join(",")));
    const source = new BatchText(bytes, text);
    for (const group of groups) {
      const payload = source.only(group.indexes, batch.length);
      if (group.isConnect) this.#connect(group, payload, mayHold);
      else this.#exchange(group, payload);
    }
  }

  #exchange(group: Group, payload: Buffer): void {
    const exchange = new Exchange(this.#tier, this, group, false);
    this.#exchanges.add(exchange);
    const route = group.route ?? this.#tier.bridges.routeFor(this.#context.browser, userOf(group.requests));
    exchange.start(route, payload, this.#context);
  }

  #connect(group: Group, payload: Buffer, mayHold: boolean): void {
    const { route, clientId } = group;
    if (route === null || clientId === null) return;
    const connect = new SocketConnect(this, group, { route, clientId }, payload, mayHold);
    if (this.#tier.bridges.takeovers.isAwaited(route)) this.#wait(connect, "away");
    else this.#send(connect);
  }

  #send(connect: SocketConnect): void {
    const { config, bridges } = this.#tier;
    const { route, clientId, requests } = connect;
    let session = this.#sessions.get(clientId);
    if (!session && this.#sessions.size >= config.maxSessionsPerSocket) {
      const texts = requests.map((request) => tooManySessions(request, config.maxSessionsPerSocket));
      this.#transport.send(Buffer.from(texts.join(",")));
      return;
    }
    if (this.#inTurn) return this.#fail(connect, "stopping");
    const numbers = bridges.numbersOf(route);
    if (!numbers) return this.#wait(connect, "away");
    if (numbers.isFull) return this.#wait(connect, "busy");
    if (!session) {
      session = new SocketSession(this.#tier, this, this.#transport, clientId, numbers);
      this.#sessions.set(clientId, session);
    }
    this.#connects++;
    session.connect(connect, this.#context);
  }

  /** Another bridge takes over, or is about to. */
  #wait(connect: SocketConnect, failure: Failure): void {
    connect.failure = failure;
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#inTurn) this.#fail(connect, "stopping");
    else if (this.#tier.bridges.takeovers.wait(connect)) this.#waiting.add(connect);
    else this.#fail(connect, failure);
  }

  #fail({ requests }: SocketConnect, failure: Failure): void {
    this.#transport.send(failures(requests, failure, this.#tier.random));
    this.#afterActivity();
  }

  /** Nothing in it can be answered message by message. */
  #onBadBatch(error: BayeuxError): void {
    this.#tier.faults.count("websocket.badBatch", "batch refused", { reason: error.field });
    this.#transport.send(Buffer.from(JSON.stringify({ successful: false, error: error.field })));
    if (++this.#badBatches >= MAX_BAD_BATCHES) this.#transport.close(POLICY_VIOLATION, "too many unreadable messages");
  }

  /** RFC 6455 §5.5.3: a pong may be left out where a later ping is answered; a slow reader's would only pile up. */
  #onPing(data: Buffer): void {
    this.#isAlive = true;
    if (!this.#transport.isSlow && this.#ws.readyState === this.#ws.OPEN) this.#ws.pong(data);
  }

  #afterActivity(): void {
    this.#idleSince = this.#tier.now();
    this.#read();
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    if (!this.#inTurn || this.#awaitsTurn || !this.#isDone) return;
    this.#awaitsTurn = true;
    this.#inTurn(() => {
      this.#awaitsTurn = false;
      // A publish may have come meanwhile: its answer is waited for, and then for another turn.
      if (this.#isDone) this.#transport.close(GOING_AWAY, "the server is stopping");
    });
  }

  get #isDone(): boolean {
    return this.#sessions.size === 0 && this.#inFlight === 0 && this.#backlog.length === 0;
  }

  #onClose(): void {
    this.#backlog = [];
    this.#transport.gathered = null;
    for (const session of [...this.#sessions.values()]) session.abandon();
    for (const exchange of this.#exchanges) exchange.abandon();
    this.#exchanges.clear();
    this.#takeWaiting();
  }

  #takeWaiting(): SocketConnect[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const connect of waiting) this.#tier.bridges.takeovers.leave(connect);
    return waiting;
  }
}
