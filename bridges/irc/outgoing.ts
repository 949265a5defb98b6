import { NetworkError, type Publication } from "../network.ts";
import { toJson } from "../json.ts";

/** One publish on its way: settled once, by its last line's echo or by the first thing that goes wrong. */
export class Outgoing {
  readonly channel: string;
  readonly ircChannel: string;
  readonly publication: Publication;
  /** The publication's data. */
  readonly json: string;
  /** Size of its JSON. */
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly settled: Promise<void>;
  /** Lines that have not come back; 0 until it is encoded. */
  linesLeft = 0;
  /** At least one of its lines was written. */
  isSent = false;
  /** Called once it is settled. */
  onSettled: ((outgoing: Outgoing) => void) | null = null;
  #isSettled = false;
  readonly #resolve: () => void;
  readonly #reject: (error: NetworkError) => void;

  /** @throws NetworkError `refused` for what is not JSON, or too long */
  constructor(channel: string, ircChannel: string, publication: Publication, deadlineMs: number, maxBytes: number) {
    const json = toJson(publication.data);
    if (json === undefined) throw new NetworkError("refused", "the data is not JSON, or is nested too deeply");
    this.json = json;
    this.bytes = Buffer.byteLength(json);
    if (this.bytes > maxBytes) throw new NetworkError("refused", `the data has more than ${maxBytes} bytes`);
    this.channel = channel;
    this.ircChannel = ircChannel;
    this.publication = publication;
    this.deadlineMs = deadlineMs;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.settled = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  resolve(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#resolve();
    this.onSettled?.(this);
  }

  reject(kind: NetworkError["kind"], words: string): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#reject(new NetworkError(kind, words));
    this.onSettled?.(this);
  }
}
