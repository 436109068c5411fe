/** The gallery: a page of events as cells, one of them current, any of them chosen. */

import { paintCell, readCell } from "./cell.js";
import { Selection } from "./selection.js";
import { several } from "./text.js";

export class Gallery {
  #list = document.querySelector("#gallery");
  #cells = new Map([...this.#list.querySelectorAll(".event")].map((cell) => [Number(cell.dataset.event), cell]));
  #painted = new Map();
  #selection = new Selection([...this.#cells.keys()]);
  #ledger;
  #taxa;
  #visits;

  commands = {
    left: () => this.#move(-1),
    right: () => this.#move(1),
    up: () => this.#move(-this.#columns),
    down: () => this.#move(this.#columns),
    extendLeft: () => this.#move(-1, true),
    extendRight: () => this.#move(1, true),
    extendUp: () => this.#move(-this.#columns, true),
    extendDown: () => this.#move(this.#columns, true),
    all: () => this.#all(),
    next: () => this.#nextUnverified(),
    previous: () => this.#move(-1),
    open: () => this.#open(this.#selection.current),
    play: () => this.#open(this.#selection.current),
    escape: () => this.#selection.clear(),
  };

  /** `at` is the event to be at, where it is on this page. */
  constructor({ ledger, taxa, visits }, asked_ms, at) {
    this.#ledger = ledger;
    this.#taxa = taxa;
    this.#visits = visits;
    ledger.learn([...this.#cells.values()].map(readCell), asked_ms);
    for (const id of this.#cells.keys()) this.#painted.set(id, ledger.event(id));
    if (this.#cells.has(at)) this.#selection.goTo(at);
    this.#list.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault()); // selects no text
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#list.addEventListener("dblclick", (event) => this.#open(idOf(event)));
    this.#mark();
  }

  /** What an action would be for: {scope, ids, count}, as Ledger.act takes it. */
  get target() {
    const ids = this.#selection.targets;
    if (!this.#selection.isEverything) return { scope: { events: ids }, ids, count: ids.length };
    const scope = { selection: document.body.dataset.query, expected: this.#total };
    return { scope, ids, count: this.#total, isBulk: true };
  }

  /** Look again at how each event stands, and at what is chosen. */
  paint() {
    for (const [id, cell] of this.#cells) {
      const event = this.#ledger.event(id);
      if (event === this.#painted.get(id)) continue;
      paintCell(cell, event, this.#taxa);
      this.#painted.set(id, event);
    }
    this.#mark();
  }

  /** After a verification: one further, or the next page. */
  advance() {
    const chosen = this.#selection.chosen;
    this.#selection.clear();
    if (chosen.length) this.#selection.goTo(chosen.at(-1));
    if (!this.#selection.move(1)) this.#follow("#page-next");
    this.#mark();
  }

  get #total() {
    return Number(this.#list.dataset.total);
  }

  get #columns() {
    const cells = [...this.#cells.values()];
    const further = cells.findIndex((cell) => cell.offsetTop > cells[0].offsetTop);
    return further < 0 ? cells.length : further;
  }

  #move(steps, extending = false) {
    if (this.#selection.move(steps, extending)) return;
    if (extending) return;
    if (steps > 0 && this.#selection.isLast) this.#follow("#page-next");
    if (steps < 0 && this.#selection.isFirst) this.#follow("#page-previous");
  }

  #all() {
    if (this.#selection.isWhole && this.#total > this.#cells.size) this.#selection.isEverything = true;
    else this.#selection.all();
  }

  #nextUnverified() {
    const { current } = this.#selection;
    const ids = [...this.#cells.keys()];
    const next = ids.slice(ids.indexOf(current) + 1).find((id) => this.#ledger.event(id).state !== "verified");
    if (next === undefined) this.#follow("#page-next");
    else this.#selection.goTo(next);
  }

  #follow(name) {
    const link = document.querySelector(name);
    if (link) this.#visits.go(link.href);
  }

  #open(id) {
    const link = this.#cells.get(id)?.querySelector("a.cover");
    if (link) this.#visits.go(link.href);
  }

  #click(event) {
    const id = idOf(event);
    if (id === undefined) return;
    event.preventDefault();
    this.#selection.point(id, { extending: event.shiftKey, adding: event.ctrlKey || event.metaKey });
    this.#mark();
  }

  #mark() {
    const { current } = this.#selection;
    for (const [id, cell] of this.#cells) {
      cell.setAttribute("aria-selected", String(this.#selection.has(id)));
      cell.classList.toggle("is-current", id === current);
    }
    this.#cells.get(current)?.scrollIntoView({ block: "nearest" });
    document.querySelector("#selected").replaceChildren(...this.#chosenWords());
  }

  #chosenWords() {
    if (this.#selection.isEverything) return [`all ${several(this.#total, "event")} that the filter finds`];
    const count = this.#selection.chosen.length;
    if (!count) return [];
    const words = [`${count} selected`];
    if (this.#selection.isWhole && this.#total > count) words.push(" ", this.#everythingButton());
    return words;
  }

  #everythingButton() {
    const button = document.createElement("button");
    button.type = "button";
    button.id = "select-everything";
    button.title = "Ctrl+A";
    button.textContent = `Select all ${this.#total.toLocaleString("en")} that the filter finds`;
    button.addEventListener("click", () => {
      this.#all();
      this.#mark();
    });
    return button;
  }
}

function idOf(event) {
  const cell = event.target.closest(".event");
  return cell ? Number(cell.dataset.event) : undefined;
}
