import type { Link } from "../link/index.ts";
import { controlPayload, type ControlRequest } from "./control.ts";
import type { LivePicture } from "./live-picture.ts";
import type { MemberNumbers } from "./reports.ts";

/** Told each newer picture, and null while HaloD is away. */
export type OnPicture = (picture: LivePicture | null) => void;

const REPORT_MS = 1_000;

/** A member's part in the picture of the stack: tells HaloD how busy it is, and is told the picture where it wants that. */
export class MemberView {
  readonly #linkNow: () => Link | null;
  readonly #numbers: (() => MemberNumbers) | null;
  #onPicture: OnPicture | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param linkNow the link to HaloD that is up, if one is @param numbers null: we do not tell */
  constructor(linkNow: () => Link | null, numbers: (() => MemberNumbers) | null) {
    this.#linkNow = linkNow;
    this.#numbers = numbers;
  }

  start(): void {
    if (this.#numbers) this.#timer ??= setInterval(() => this.#report(), REPORT_MS).unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#onPicture = null;
  }

  /** Something has changed that people wait for. */
  tell(): void {
    this.#report();
  }

  /** @param onPicture null: it is not wanted any more */
  watch(onPicture: OnPicture | null): void {
    this.#onPicture = onPicture;
    if (this.#linkNow()) this.#say({ type: "watch", isOn: onPicture !== null });
    else onPicture?.(null);
  }

  /** We have registered on a new link. */
  onUp(): void {
    this.#report();
    if (this.#onPicture) this.#say({ type: "watch", isOn: true });
  }

  onDown(): void {
    this.#onPicture?.(null);
  }

  onPicture(picture: LivePicture): void {
    this.#onPicture?.(picture);
  }

  #report(): void {
    if (!this.#numbers || this.#linkNow()?.isFull !== false) return;
    const { connections, sessions, heard, delivered, busy, protection = null } = this.#numbers();
    const atMs = Math.floor(performance.now());
    this.#say({ type: "report", atMs, connections, sessions, heard, delivered, busy, protection });
  }

  #say(request: ControlRequest): void {
    this.#linkNow()?.send({ type: "control", payload: controlPayload(request) });
  }
}
