import type { Element } from "@xmpp/client";
import { NetworkError } from "../network.ts";
import type { XmppConfig } from "./config.ts";
import { refusalOf } from "./stanzas.ts";

/** The answer to a question was an error stanza. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** Of RFC 6120 §8.3.3. */
  readonly condition: string;

  constructor(condition: string, words: string) {
    super(words);
    this.condition = condition;
  }
}

interface Waiter {
  readonly to: string;
  readonly timer: NodeJS.Timeout;
  resolve(answer: Element): void;
  reject(error: Error): void;
}

/** Questions (`iq`) that are not answered yet. */
export class Requests {
  readonly #config: XmppConfig;
  readonly #domain: string;
  readonly #prefix: string;
  readonly #waiters = new Map<string, Waiter>();
  #count = 0;

  /** @param domain of the server, which may leave its address out */
  constructor(config: XmppConfig, domain: string, random: () => number) {
    this.#config = config;
    this.#domain = domain;
    this.#prefix = Math.floor(random() * 36 ** 8).toString(36);
  }

  nextId(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count.toString(36)}`;
  }

  /** @throws NetworkError `unavailable`; RequestError */
  wait(id: string, to: string, timeoutMs = this.#config.requestTimeoutMs): Promise<Element> {
    if (this.#waiters.size >= this.#config.maxRequests) {
      return Promise.reject(new NetworkError("unavailable", "too many questions to the server are not answered yet"));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(id);
        reject(new NetworkError("unavailable", `${to} did not answer in time`));
      }, timeoutMs);
      this.#waiters.set(id, { to, timer: timer.unref(), resolve, reject });
    });
  }

  /** @returns false for what answers nothing of ours */
  onAnswer(iq: Element): boolean {
    const { id = "", type, from = this.#domain } = iq.attrs;
    if (type !== "result" && type !== "error") return false;
    const waiter = this.#waiters.get(id);
    // Only the one who was asked can answer.
    if (waiter === undefined || waiter.to.toLowerCase() !== from.toLowerCase()) return false;
    this.#waiters.delete(id);
    clearTimeout(waiter.timer);
    if (type === "result") waiter.resolve(iq);
    else {
      const { condition, words } = refusalOf(iq);
      waiter.reject(new RequestError(condition, words));
    }
    return true;
  }

  clear(reason: string): void {
    for (const waiter of this.#waiters.values()) {
      clearTimeout(waiter.timer);
      waiter.reject(new NetworkError("unavailable", reason));
    }
    this.#waiters.clear();
  }
}
