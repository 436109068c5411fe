/** Which events of a page are chosen, by number, in the order of the page: values only, the screen is the gallery's. */

export class Selection {
  #ids;
  #anchor = 0;
  #cursor = 0;
  #chosen = new Set();

  /** `isEverything`: all that the filter finds is meant, on this page and on all others. */
  isEverything = false;

  constructor(ids) {
    this.#ids = ids;
  }

  /** The event that keys act on where none is chosen; undefined on an empty page. */
  get current() {
    return this.#ids[this.#cursor];
  }

  /** The chosen ones. */
  get chosen() {
    return this.#ids.filter((id) => this.#chosen.has(id));
  }

  /** What an action is for: the chosen ones, else the current one. */
  get targets() {
    if (this.#chosen.size) return this.chosen;
    return this.#ids.length ? [this.current] : [];
  }

  /** Whether the whole page is chosen. */
  get isWhole() {
    return this.#ids.length > 0 && this.#chosen.size === this.#ids.length;
  }

  /** Whether the current one is the first of the page. */
  get isFirst() {
    return this.#cursor === 0;
  }

  /** Whether the current one is the last of the page. */
  get isLast() {
    return this.#cursor === this.#ids.length - 1;
  }

  has(id) {
    return this.#chosen.has(id);
  }

  /** Go `steps` further; false where the page ends before that. `extending` selects what lies between. */
  move(steps, extending = false) {
    const to = this.#cursor + steps;
    if (to < 0 || to >= this.#ids.length) return false;
    this.#go(to, extending);
    return true;
  }

  /** Go to one, choosing none. */
  goTo(id) {
    this.#go(this.#ids.indexOf(id), false);
  }

  /** A click: alone, with Shift (from the last place to here) or with Ctrl (this one, too, or no more). */
  point(id, { extending = false, adding = false } = {}) {
    const at = this.#ids.indexOf(id);
    const before = new Set(this.#chosen);
    this.#go(at, extending);
    if (extending) return;
    this.#chosen = adding ? before : new Set([id]);
    if (adding && !this.#chosen.delete(id)) this.#chosen.add(id);
  }

  /** Choose the whole page. */
  all() {
    this.#chosen = new Set(this.#ids);
  }

  /** Choose none; the cursor stays. */
  clear() {
    this.#chosen.clear();
    this.#anchor = this.#cursor;
    this.isEverything = false;
  }

  #go(to, extending) {
    this.isEverything = false;
    this.#cursor = to;
    if (!extending) this.#anchor = to;
    const [first, last] = [Math.min(this.#anchor, to), Math.max(this.#anchor, to)];
    this.#chosen = new Set(extending ? this.#ids.slice(first, last + 1) : []);
  }
}
