/** One event by itself: its pictures, its label, and the way to the events beside it. */

import { paintCell, readCell } from "./cell.js";
import { Frames } from "./frames.js";
import { get, part } from "./server.js";
import { plain } from "./text.js";

const UNVERIFIED = ["unlooked", "machine", "partly"];

export class Player {
  #id = Number(document.querySelector("#player").dataset.event);
  #label = document.querySelector("#label");
  #isBurst = false;
  #taxon; // the one of several that is meant
  #painted;
  #desk;
  #frames;

  commands = {
    left: () => this.#earlier(),
    right: () => this.#later(),
    extendLeft: () => this.#earlier(),
    extendRight: () => this.#later(),
    up: () => this.#follow("#event-previous", "this is the first event"),
    down: () => this.#follow("#event-next", "this is the last event"),
    previous: () => this.#follow("#event-previous", "this is the first event"),
    next: () => this.#nextUnverified(),
    play: () => this.#frames.play(),
    difference: () => this.#frames.toggleDifference(),
    burst: () => this.#toggleBurst(),
    taxon: () => this.#nextTaxon(),
    escape: () => this.#leave(),
  };

  /** `desk` is what every view works with: {ledger, taxa, visits, light, status, galleryAddress}. */
  constructor(desk, asked_ms) {
    this.#desk = desk;
    this.#frames = new Frames(() => this.#shown());
    desk.ledger.learn([readCell(this.#label)], asked_ms);
    this.#painted = this.#desk.ledger.event(this.#id);
    desk.visits.lookAhead(document.querySelector("#event-next")?.href);
  }

  /** The event that is shown. */
  get id() {
    return this.#id;
  }

  /** What an action would be for, as Ledger.act takes it. */
  get target() {
    const scope = this.#isBurst ? { sequences: [this.#frames.sequence] } : { events: [this.#id] };
    return { scope, ids: [this.#id], count: 1, isBurst: this.#isBurst, taxon: this.#taxon };
  }

  /** Look again at how the event stands. */
  paint() {
    const event = this.#desk.ledger.event(this.#id);
    if (event === this.#painted) return;
    paintCell(this.#label, event, this.#desk.taxa);
    this.#painted = event;
    this.#taxon = undefined;
  }

  /** After a verification. */
  advance() {
    this.#follow("#event-next", "that was the last event");
  }

  /** The server did something to these events: the list of words is longer now. */
  async heard(ids) {
    if (!ids.includes(this.#id)) return;
    try {
      const found = (await part(`/event/${this.#id}/history`)).querySelector("#history");
      if (found) document.querySelector("#history")?.replaceWith(document.adoptNode(found));
    } catch {
      // the list is as it was; the label above it is right
    }
  }

  /** Let go of what goes on by itself. */
  end() {
    this.#frames.end();
  }

  #earlier() {
    if (!this.#frames.step(-1)) this.#follow("#frames-earlier", "this is the first picture");
  }

  #later() {
    if (!this.#frames.step(1)) this.#follow("#frames-later", "this is the last picture");
  }

  #follow(link, none) {
    const address = document.querySelector(link)?.href;
    if (address) this.#desk.visits.go(address);
    else this.#desk.status.say(none);
  }

  #nextUnverified() {
    this.#desk.visits.seek(() => this.#findUnverified(), (none) => this.#desk.status.say(none));
  }

  async #findUnverified() {
    const query = document.body.dataset.query;
    const wanted = new URLSearchParams(query);
    if (!wanted.has("state")) for (const state of UNVERIFIED) wanted.append("state", state);
    const { next } = await get(`/api/event/${this.#id}?${wanted}`);
    if (!next) return { none: "no later event is unverified" };
    return { address: new URL(`/event/${next}${query && `?${query}`}`, location).href };
  }

  #toggleBurst() {
    if (this.#frames.hasBursts) this.#isBurst = !this.#isBurst;
    this.#showScope();
    if (!this.#frames.hasBursts) this.#desk.status.say("the event is one burst");
  }

  #nextTaxon() {
    const found = [...this.#label.querySelectorAll(":scope > .taxa .taxon")];
    const names = found.map((each) => each.dataset.taxon);
    if (names.length < 2) return this.#desk.status.say("the event shows no other taxon");
    this.#taxon = names[names.indexOf(this.#taxon) + 1];
    for (const each of found) each.toggleAttribute("data-meant", each.dataset.taxon === this.#taxon);
    return this.#desk.status.say(this.#taxon ? `count and relabel mean ${plain(this.#taxon)}` : "all taxa are meant");
  }

  #showScope() {
    const words = "keys act on the burst of this picture only: S for all of the event";
    this.#desk.status.say(this.#isBurst ? words : "");
    for (const link of document.querySelectorAll("#frames .frame")) {
      const isOther = this.#isBurst && !this.#frames.isOfBurst(Number(link.dataset.media));
      link.classList.toggle("is-other", isOther);
    }
  }

  #shown() {
    this.#desk.light.show();
    if (this.#isBurst) this.#showScope();
  }

  #leave() {
    if (this.#frames.isPlaying) this.#frames.stop();
    else if (this.#isBurst) this.#toggleBurst();
    else this.#desk.visits.go(this.#desk.galleryAddress ?? new URL("/", location).href);
  }
}
