import { NetworkError } from "../network.ts";

const MAX_WAITING = 1_000;

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** PINGs of one connection that are not answered yet. */
export class Pings {
  readonly #waiting = new Map<string, Waiter>();
  #count = 0;

  /** Resolves with the answer, and so when the server has handled everything sent before. @throws NetworkError */
  ask(send: (line: string) => void): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(new NetworkError("unavailable", "not connected"));
    this.#count += 1;
    const token = `t${this.#count}`;
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, { resolve, reject });
      send(`PING :${token}`);
    });
  }

  onPong(token: string): void {
    const waiter = this.#waiting.get(token);
    this.#waiting.delete(token);
    waiter?.resolve();
  }

  fail(reason: string): void {
    for (const waiter of this.#waiting.values()) waiter.reject(new NetworkError("unavailable", reason));
    this.#waiting.clear();
  }
}

/** @returns false when the connection was lost meanwhile, which settles whatever depends on it */
export async function isAnswered(ping: Promise<void>): Promise<boolean> {
  return ping.then(
    () => true,
    () => false,
  );
}
