/**
 * What was done on this page and the server has not confirmed, in the order in which it was done.
 *
 * Each item lies in the browser's own storage, under a name of its own, from the key press until the server has
 * answered: a reload, a crash, a second tab or a server that is gone lose none. An item is sent under the key that
 * it was made with, and the server does what has one key once, however often it arrives. What the server refuses
 * stays too, marked, until the person has decided.
 */

import { Broken, Refused } from "./server.js";

const KEPT = "cameratrap unsent ";
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;
const MOST_FAULTS = 5; // of a server that answers and cannot do it

export class Queue {
  #prefix;
  #post;
  #listener;
  #items = [];
  #trouble = "";
  #sending = false;
  #wait_ms = 0;
  #timer;
  #faults = 0;

  /**
   * `post(path, body)` sends one; `listener.changed()` is called whenever what waits has changed, and
   * `listener.answered(item, answer)` when one is done.
   */
  constructor(project, post, listener) {
    this.#prefix = `${KEPT}${project} `;
    this.#post = post;
    this.#listener = listener;
    this.#read();
    addEventListener("storage", (event) => {
      if (event.key === null || event.key.startsWith(this.#prefix)) this.#reread();
    });
    addEventListener("online", () => this.send());
  }

  /** Those that will be sent, oldest first. */
  get unsent() {
    return this.#items.filter((item) => !item.failed);
  }

  /** Those that the server refused; each has `failed: {error, hint}`. */
  get failed() {
    return this.#items.filter((item) => item.failed);
  }

  /** How many wait here for another project, which was once at this address. */
  get foreign() {
    const kept = Object.keys(localStorage).filter((name) => name.startsWith(KEPT));
    return kept.filter((name) => !name.startsWith(this.#prefix)).length;
  }

  /** Why the last attempt did not come through; empty where it did. */
  get trouble() {
    return this.#trouble;
  }

  /**
   * Keep an item, and send it when its turn comes. `item` is {path, body: {key, of?, ...}, shows}: `shows` is how
   * the events then look, `of` the key of the action that it takes back or does again.
   * Raises DOMException where the browser has no room left.
   */
  add(item) {
    const last = this.#items.at(-1)?.stamp ?? 0;
    const stamped = { ...item, stamp: Math.max(Date.now(), last + 1) };
    this.#write(stamped);
    this.#items.push(stamped);
    this.#listener.changed();
    this.send();
  }

  /** Send a refused one again. */
  retry(key) {
    this.#write({ ...this.#items.find((each) => each.body.key === key), failed: undefined });
    this.#reread();
    this.send();
  }

  /** Forget a refused one, because the person said so. */
  discard(key) {
    this.#remove(key);
    this.#listener.changed();
  }

  /** Whether the server refused the action of this key. */
  hasFailed(key) {
    return this.failed.some((item) => item.body.key === key);
  }

  /** Send all that waits, one after the other; of several tabs one at a time does. */
  async send() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    try {
      await navigator.locks.request(this.#prefix, () => this.#sendAll());
    } finally {
      this.#sending = false;
    }
    if (this.unsent.length) this.#timer = setTimeout(() => this.send(), this.#wait_ms);
  }

  async #sendAll() {
    this.#read(); // another tab may have sent some
    while (this.unsent.length && (await this.#sendOne(this.unsent[0])));
    this.#listener.changed();
  }

  /** Whether to go on with the next. */
  async #sendOne(item) {
    if (item.body.of && this.hasFailed(item.body.of)) {
      this.#remove(item.body.key); // what never happened is not taken back, nor an older action in its place
      return true;
    }
    let answer;
    try {
      answer = await this.#post(item.path, item.body);
    } catch (error) {
      return this.#missed(item, error);
    }
    this.#calm();
    this.#remove(item.body.key);
    this.#listener.answered(item, answer);
    return true;
  }

  #missed(item, error) {
    if (error instanceof Broken) this.#faults += 1;
    if (!(error instanceof Refused) && this.#faults < MOST_FAULTS) {
      this.#trouble = error.message;
      this.#wait_ms = Math.min(Math.max(2 * this.#wait_ms, FIRST_WAIT_MS), LONGEST_WAIT_MS);
      return false;
    }
    this.#calm();
    this.#write({ ...item, failed: { error: error.message, hint: error.hint ?? "" } });
    this.#reread();
    return true;
  }

  #calm() {
    this.#trouble = "";
    this.#wait_ms = this.#faults = 0;
  }

  #read() {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(this.#prefix));
    const found = names.map((name) => JSON.parse(localStorage.getItem(name))).filter((item) => item !== null);
    this.#items = found.sort((one, other) => one.stamp - other.stamp);
  }

  #reread() {
    this.#read();
    this.#listener.changed();
  }

  #write(item) {
    localStorage.setItem(this.#prefix + item.body.key, JSON.stringify(item));
  }

  #remove(key) {
    localStorage.removeItem(this.#prefix + key);
    this.#items = this.#items.filter((item) => item.body.key !== key);
  }
}
