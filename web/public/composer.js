import { byId } from "./dom.js";

/** Where a message is written: Enter sends, Shift+Enter begins a line, and what is typed is kept for each room. */
export class Composer {
  #form = byId("composer", HTMLFormElement);
  #input = byId("message", HTMLTextAreaElement);
  #hint = byId("composer-hint", HTMLElement);
  #room = "";
  /** @type {Map<string, string>} */
  #drafts = new Map();
  #onLine;

  /** @param {(typed: string) => boolean} onLine whether it was taken; if not, it stays in the field */
  constructor(onLine) {
    this.#onLine = onLine;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener("input", () => {
      this.say("");
      this.#fit();
    });
    this.#input.addEventListener("keydown", (event) => {
      // While an input method composes a character, Enter belongs to it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
  }

  /** @param {string} room */
  enter(room) {
    this.#drafts.set(this.#room, this.#input.value);
    this.#room = room;
    this.#input.value = this.#drafts.get(room) ?? "";
    this.#drafts.delete(room);
    this.#input.placeholder = `Message #${room}`;
    this.say("");
    this.#fit();
  }

  /** On touch screens the keyboard would cover half the room, so there people tap the field themselves. */
  focus() {
    if (!matchMedia("(pointer: coarse)").matches) this.#input.focus();
  }

  /** @param {string} hint */
  say(hint) {
    this.#hint.textContent = hint;
  }

  #submit() {
    if (!this.#onLine(this.#input.value)) return;
    this.#input.value = "";
    this.#fit();
    this.#input.focus();
  }

  #fit() {
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight + this.#input.offsetHeight - this.#input.clientHeight}px`;
  }
}
