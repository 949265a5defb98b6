import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { calmNetwork } from "./calm-network.ts";

/** What Chromium itself says when a server is away; everything else on the console is a fault of ours. */
const NETWORK_FAILURE = /WebSocket connection to|Failed to load resource|net::ERR_/;

/** The chat page as one person uses it. */
export class ChatPage implements AsyncDisposable {
  readonly page: Page;
  /** Errors on the console, and exceptions that nobody caught. */
  readonly errors: string[] = [];
  readonly #name: string;

  private constructor(page: Page, name: string) {
    this.page = page;
    this.#name = name;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  /** Opens the page as a newcomer does, chooses a name, and waits until it is in the room. */
  static async open(
    browser: Browser,
    url: string,
    { room, name, ...options }: { room: string; name: string } & BrowserContextOptions,
  ): Promise<ChatPage> {
    const context = await browser.newContext(options);
    const chat = new ChatPage(await context.newPage(), name);
    await calmNetwork();
    await chat.page.goto(`${url}/?room=${room}`);
    await chat.page.getByTestId("name").fill(name);
    await chat.page.getByTestId("join").click();
    await chat.waitForState("connected");
    await chat.waitForPerson(name);
    return chat;
  }

  /** The errors that are not Chromium's own report of a server that is away. */
  get faults(): string[] {
    return this.errors.filter((text) => !NETWORK_FAILURE.test(text));
  }

  async waitForState(state: string): Promise<void> {
    await this.page.locator(`[data-testid=state][data-state="${state}"]`).waitFor();
  }

  async waitForPerson(name: string, network: "web" | "irc" | "xmpp" = "web"): Promise<void> {
    await this.#person(name, network).waitFor({ state: "attached" });
  }

  async waitForNobody(name: string, network: "web" | "irc" | "xmpp" = "web"): Promise<void> {
    await this.#person(name, network).waitFor({ state: "detached" });
  }

  /** Who is shown as being here, as `name (network)`. */
  people(): Promise<string[]> {
    return this.page
      .getByTestId("person")
      .evaluateAll((items) => items.map((item) => `${item.dataset["name"]} (${item.dataset["network"]})`));
  }

  /** What it says of where the room is, as far as it is on the screen; the panel's words first. */
  whereabouts(): Promise<string[]> {
    return this.page.locator("[data-on]").evaluateAll((parts) =>
      parts
        .filter((part) => part.checkVisibility({ visibilityProperty: true }))
        .toSorted((one, other) => Number(other.tagName === "SECTION") - Number(one.tagName === "SECTION"))
        .map((part) => (part.textContent ?? "").replaceAll(/\s+/g, " ").trim()),
    );
  }

  async say(text: string): Promise<void> {
    await this.page.getByTestId("message").and(this.page.locator("textarea")).fill(text);
    await this.page.getByTestId("send").click();
  }

  /** What was said and has come back, as `name: text`, in the order shown. */
  said(): Promise<string[]> {
    return this.page
      .locator("#lines [data-testid=message]")
      .evaluateAll((lines) =>
        lines.map((line) => `${line.dataset["from"]}: ${line.querySelector(".text")?.textContent ?? line.textContent}`),
      );
  }

  /** Pixels by which something is wider than the screen. */
  overflow(): Promise<number> {
    return this.page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
  }

  /** For whoever looks into a failure. @returns where it is, in the system's temporary folder */
  async screenshot(): Promise<string> {
    const path = join(tmpdir(), `tailspin-${this.#name}-${Date.now()}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }

  #person(name: string, network: string) {
    return this.page.locator(`[data-testid=person][data-name="${name}"][data-network="${network}"]`);
  }
}
