import { byId } from "./dom.js";
import { parseName } from "./names.js";

/** Asks for a name; without one there is nothing behind the dialog, so it stays. */
export class NameDialog {
  #dialog = byId("name-dialog", HTMLDialogElement);
  #form = byId("name-form", HTMLFormElement);
  #input = byId("name", HTMLInputElement);
  #hint = byId("name-hint", HTMLElement);
  #cancel = byId("name-cancel", HTMLButtonElement);
  #onName;

  /** @param {(name: string) => void} onName */
  constructor(onName) {
    this.#onName = onName;
    this.#form.addEventListener("submit", (event) => this.#onSubmit(event));
    this.#cancel.addEventListener("click", () => this.#dialog.close());
    this.#input.addEventListener("input", () => this.#say(""));
    this.#dialog.addEventListener("cancel", (event) => this.#cancel.hidden && event.preventDefault());
    // A second Escape closes a dialog whatever we say.
    this.#dialog.addEventListener("close", () => this.#cancel.hidden && this.#dialog.showModal());
  }

  /** @param {{name: string, isFirst: boolean, problem?: string}} options */
  ask({ name, isFirst, problem = "" }) {
    byId("name-title", HTMLElement).textContent = isFirst ? "Choose a name" : "Change your name";
    byId("join", HTMLElement).textContent = isFirst ? "Join" : "Change";
    this.#cancel.hidden = isFirst;
    this.#input.value = name;
    this.#say(problem);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#input.select();
  }

  /** @param {Event} event */
  #onSubmit(event) {
    event.preventDefault();
    const { name, problem } = parseName(this.#input.value);
    this.#say(problem ?? "");
    if (name === null) return this.#input.focus();
    this.#cancel.hidden = false;
    this.#dialog.close();
    this.#onName(name);
  }

  /** @param {string} problem */
  #say(problem) {
    this.#hint.textContent = problem;
    this.#input.setAttribute("aria-invalid", `${problem !== ""}`);
  }
}
