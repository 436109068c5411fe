/** Going from page to page without letting go of what waits to be sent: the next is put in this one's place. */

import { page } from "./server.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;

export class Visits {
  #arrived;
  #waiting;
  #latest = 0;
  #ahead = { address: "", answer: null };

  /** `arrived(asked_ms)` is called on each new page, `waiting(text)` while one does not come. */
  constructor(arrived, waiting) {
    this.#arrived = arrived;
    this.#waiting = waiting;
    addEventListener("popstate", () => this.#show(location.href, false));
  }

  /** Whether a page was asked for and has not come: what is on the screen is about to go. */
  isUnderWay = false;

  /** Go there; where the server does not answer, again and again until it does or `cancel` is called. */
  go(address) {
    return this.#show(address, true);
  }

  /**
   * Go where `find()` says once it has found that: {address}, or {none}, why there is no such place. What is on the
   * screen is about to go from now on; `nowhere(why)` is told where it stays.
   */
  async seek(find, nowhere) {
    const turn = ++this.#latest;
    this.isUnderWay = true;
    const { address, none } = await find().catch((error) => ({ none: error.message }));
    if (turn !== this.#latest) return;
    if (address) await this.go(address);
    else {
      this.isUnderWay = false;
      nowhere(none);
    }
  }

  /** Stay here after all. */
  cancel() {
    this.#latest += 1;
    this.isUnderWay = false;
  }

  /** Ask for a page that will probably be next, and for its picture. */
  lookAhead(address) {
    if (!address || address === this.#ahead.address) return;
    const asked_ms = performance.now();
    const answer = page(address).then((found) => ({ found, asked_ms }));
    answer.then(({ found }) => load(found), () => this.forget());
    this.#ahead = { address, answer };
  }

  /** What was asked for ahead is out of date. */
  forget() {
    this.#ahead = { address: "", answer: null };
  }

  async #show(address, isNew) {
    const turn = ++this.#latest;
    this.isUnderWay = true;
    for (let wait_ms = FIRST_WAIT_MS; turn === this.#latest; wait_ms = Math.min(2 * wait_ms, LONGEST_WAIT_MS)) {
      const answer = await this.#ask(address);
      if (turn !== this.#latest) return;
      if (answer.found) {
        if (isNew) history.pushState(null, "", address);
        this.#replace(answer);
        return;
      }
      this.#waiting(answer.trouble);
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
    }
  }

  async #ask(address) {
    const asked_ms = performance.now();
    try {
      const isAhead = address === this.#ahead.address;
      return isAhead ? await this.#ahead.answer : { found: await page(address), asked_ms };
    } catch (error) {
      this.forget();
      return { trouble: error.message };
    }
  }

  #replace({ found, asked_ms }) {
    this.forget();
    this.isUnderWay = false;
    document.title = found.title;
    document.body.replaceWith(document.adoptNode(found.body));
    scrollTo(0, 0);
    this.#arrived(asked_ms);
  }
}

function load(found) {
  const picture = found.querySelector("#player img.shot")?.getAttribute("src");
  if (picture) new Image().src = picture;
}
