import type { AnyMessage } from "../../support/fake-bridge.ts";
import { type Asked, HttpClient } from "./http.ts";
import type { OnBatch, TransportFixture, Wire } from "./wire.ts";

/** How a polling transport asks, and where the array is in what comes back. */
export interface PollingForm {
  readonly name: TransportFixture["name"];
  ask(json: string): Asked;
  arrayOf(body: string): string;
}

export const JSON_POST = {
  ask: (json: string): Asked => ({
    method: "POST",
    path: "/bayeux",
    headers: { "content-type": "application/json" },
    body: json,
  }),
  arrayOf: (body: string) => body,
};

/** A transport of which every request is answered by one array. */
export function pollingFixture(form: PollingForm): TransportFixture {
  return {
    name: form.name,
    pushes: false,
    holds: true,
    acks: true,
    open: async (port, onBatch) => new PollingWire(new HttpClient(port), form, onBatch),
  };
}

class PollingWire implements Wire {
  readonly #client: HttpClient;
  readonly #form: PollingForm;
  readonly #onBatch: OnBatch;

  constructor(client: HttpClient, form: PollingForm, onBatch: OnBatch) {
    this.#client = client;
    this.#form = form;
    this.#onBatch = onBatch;
  }

  async send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]> {
    const body = await this.#client.ask(this.#form.ask(JSON.stringify(messages)));
    if (body === "") return [];
    const batch: AnyMessage[] = JSON.parse(this.#form.arrayOf(body));
    this.#onBatch(batch);
    return batch;
  }

  async attach(): Promise<void> {}

  pause(): void {}

  resume(): void {}

  cut(): void {
    this.#client.cut();
  }
}
