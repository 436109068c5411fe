/** The status line: what was just done and what is not sent yet; and what the server refused, until it is decided. */

import { several } from "./text.js";

export class Status {
  #queue;
  #said = "";

  constructor(queue) {
    this.#queue = queue;
  }

  /** Say what was done, or why not. */
  say(text) {
    this.#said = text;
    this.paint();
  }

  /** Show it anew, on this page or on the next. */
  paint() {
    const { failed, unsent, trouble } = this.#queue;
    const line = document.querySelector("#status");
    line.classList.toggle("is-bad", trouble !== "");
    line.classList.toggle("is-waiting", unsent.length > 0);
    line.dataset.unsent = unsent.length; // what a script that waits can look at
    line.dataset.failed = failed.length;
    const waits = unsent.length ? `${several(unsent.length, "correction")} not sent yet, kept in this browser` : "";
    const said = failed.some((item) => item.says === this.#said) ? "" : this.#said;
    line.textContent = [said, waits, trouble].filter(Boolean).join(" · ");
    line.title = line.textContent;
    document.querySelector("#refused")?.remove();
    if (failed.length) document.querySelector("header").after(this.#refusal(failed));
  }

  #refusal([first, ...others]) {
    const banner = document.createElement("div");
    banner.id = "refused";
    banner.role = "alert";
    const { error, hint } = first.failed;
    const more = others.length ? ` There are ${others.length} more.` : "";
    banner.append(`Not done: ${first.says}, because ${error}${hint ? ` (${hint})` : ""}.${more} `);
    banner.append(this.#button("Try again", () => this.#queue.retry(first.body.key)), " ");
    banner.append(this.#button("Leave it", () => this.#queue.discard(first.body.key)));
    return banner;
  }

  #button(text, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", action);
    return button;
  }
}
