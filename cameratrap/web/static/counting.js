/** A number typed digit by digit: it is meant when the person pauses or presses another key. */

const PAUSE_MS = 700;
const LARGEST = 9999;

export class Counting {
  #text = "";
  #timer;
  #typing;
  #done;

  /** `typing(text)` shows what is typed so far, empty when no more; `done(number)` takes a number that is meant. */
  constructor(typing, done) {
    this.#typing = typing;
    this.#done = done;
  }

  get isOpen() {
    return this.#text !== "";
  }

  digit(character) {
    this.#set(String(Math.min(LARGEST, Number(this.#text + character))));
  }

  /** One more or one fewer than what is typed, else than `current`. */
  step(by, current) {
    this.#set(String(Math.max(1, Math.min(LARGEST, Number(this.#text || current) + by))));
  }

  /** The number is meant now. */
  finish() {
    if (!this.isOpen) return;
    const number = Number(this.#text);
    this.cancel();
    this.#done(number);
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#text = "";
    this.#typing("");
  }

  #set(text) {
    clearTimeout(this.#timer);
    this.#text = text;
    this.#typing(text);
    this.#timer = setTimeout(() => this.finish(), PAUSE_MS);
  }
}
