import { once } from "node:events";
import { type IncomingMessage, type ClientRequest, request as httpRequest } from "node:http";

/** One request. */
export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests of one client, which can all be cut. */
export class HttpClient {
  readonly #port: number;
  readonly #open = new Set<ClientRequest>();
  #isCut = false;

  constructor(port: number) {
    this.#port = port;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** @returns the response as it begins; null where the client was cut before */
  async begin({ method, path, headers, body }: Asked): Promise<IncomingMessage | null> {
    if (this.#isCut) return null;
    const request = httpRequest({ host: "127.0.0.1", port: this.#port, method, path, headers, agent: false });
    this.#open.add(request);
    request.once("close", () => this.#open.delete(request));
    request.end(body);
    try {
      const [response] = await once(request, "response");
      return response;
    } catch (error) {
      if (this.#isCut) return null;
      throw error;
    }
  }

  /** @returns the whole body; "" where the client was cut before. @throws Error for a status other than 200 */
  async ask(asked: Asked): Promise<string> {
    const response = await this.begin(asked);
    if (!response) return "";
    const text = await this.textOf(response);
    if (response.statusCode !== 200 && !this.#isCut) throw new Error(`status ${response.statusCode}: ${text}`);
    return this.#isCut ? "" : text;
  }

  async textOf(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) chunks.push(chunk);
    } catch (error) {
      if (!this.#isCut) throw error;
    }
    return Buffer.concat(chunks).toString();
  }

  cut(): void {
    this.#isCut = true;
    for (const request of this.#open) request.destroy();
  }
}
