/**
 * How every event on the screen stands: what the server last said of it, and over that what was done here since.
 *
 * An action changes the screen at once and goes into the queue with the looks it gave (`shows`). What an event looks
 * like is what the newest waiting item shows, or else what the server said; so an answer never undoes what was done
 * after it, and what the server refuses disappears from the screen by itself.
 */

import { outcome } from "./outcome.js";
import { Queue } from "./queue.js";
import { post } from "./server.js";

export class Ledger {
  #told = new Map(); // the event's number -> {event, at_ms}
  #done = []; // what was done in this tab and can be taken back: {key, before, after}
  #undone = [];
  #queue;
  #listener;
  #others; // the other tabs that show this project

  /** `listener.changed()`: look again at every event. `listener.answered(item, answer)`: one action is done. */
  constructor(project, listener) {
    this.#listener = listener;
    this.#queue = new Queue(project, post, {
      changed: () => listener.changed(),
      answered: (item, answer) => this.#answered(item, answer),
    });
    this.#others = new BroadcastChannel(`cameratrap ${project}`);
    this.#others.onmessage = ({ data }) => this.#learnAnswer(data);
  }

  get queue() {
    return this.#queue;
  }

  /** What a page that was asked for at `asked_ms` (performance.now) says of its events. */
  learn(events, asked_ms) {
    for (const event of events) {
      if (!(this.#told.get(event.id)?.at_ms > asked_ms)) this.#told.set(event.id, { event, at_ms: asked_ms });
    }
  }

  /** An event as it looks now; undefined for one that no page told of. */
  event(id) {
    const waiting = this.#queue.unsent.findLast((item) => item.shows[id]);
    return waiting?.shows[id] ?? this.#told.get(id)?.event;
  }

  /**
   * Do something. `action` is what POST /api/act takes, without the key; `ids` are those of its events that are on
   * the screen; `says` names it for a person. Raises DOMException where the browser cannot keep it.
   */
  act(action, ids, says) {
    const key = crypto.randomUUID();
    const before = this.#looks(ids);
    const after = Object.fromEntries(ids.map((id) => [id, outcome(before[id], action)]));
    this.#queue.add({ path: "/api/act", body: { key, ...action }, shows: after, says });
    this.#done.push({ key, before, after });
    this.#undone = [];
  }

  /** Take back the newest action that stands: of this tab, or else whatever the server says is the newest. */
  undo() {
    const last = this.#done.pop();
    if (last && this.#queue.hasFailed(last.key)) {
      this.#queue.discard(last.key); // it never happened
      return;
    }
    this.#turn("undo", last, last?.before);
    if (last) this.#undone.push(last);
  }

  /** Do again what was last taken back. */
  redo() {
    const last = this.#undone.pop();
    this.#turn("redo", last, last?.after);
    if (last) this.#done.push(last);
  }

  #turn(kind, action, shows = {}) {
    const body = { key: crypto.randomUUID(), of: action?.key }; // of: others may have done something since
    this.#queue.add({ path: `/api/${kind}`, body, shows, says: kind });
  }

  #looks(ids) {
    return Object.fromEntries(ids.map((id) => [id, this.event(id)]));
  }

  #answered(item, answer) {
    this.#others.postMessage(answer);
    this.#learnAnswer(answer);
    this.#listener.answered(item, answer);
  }

  #learnAnswer(answer) {
    this.learn(answer.events ?? [], performance.now());
    this.#listener.changed();
  }
}
