/** An event's label on the page: read from what the server wrote, and written anew when something was done. */

import { moment, plain } from "./text.js";

// As the server writes them (cameratrap/web/rendering.py).
const STATES = {
  unlooked: ["·", "nobody has looked"],
  machine: ["○", "unverified: a model's word"],
  partly: ["◐", "partly verified"],
  verified: ["✓", "verified"],
};

/** The event of an element with data-event, as /api/act tells of it. */
export function readCell(element) {
  const { state, blank, flagged } = element.dataset;
  return {
    id: Number(element.dataset.event),
    state,
    is_blank: blank === "1",
    flagged: flagged === "1",
    taxa: readTaxa(element.querySelector(".taxa")),
    by: readBy(element.querySelector(".by")),
  };
}

/** The taxa, {taxon, count}, of a `.taxa` or `.machine`. */
export function readTaxa(element) {
  const found = [...(element?.querySelectorAll(".taxon") ?? [])];
  return found.map((each) => ({ taxon: each.dataset.taxon, count: countOf(each.querySelector(".count")) }));
}

/** Show an event as it looks now; `taxa` knows everyday names. */
export function paintCell(element, event, taxa) {
  element.dataset.state = event.state;
  element.dataset.blank = event.is_blank ? "1" : "0";
  element.dataset.flagged = event.flagged ? "1" : "0";
  paintState(element, event.state);
  element.querySelector(".taxa").replaceChildren(...taxaOf(event, taxa));
  element.querySelector(".by").replaceChildren(...byOf(event.by));
}

function paintState(element, state) {
  const [sign, words] = STATES[state];
  const mark = element.querySelector(".state");
  mark.textContent = sign;
  mark.title = words;
  const spelled = element.querySelector(".state-words");
  if (spelled) spelled.textContent = words;
}

function countOf(element) {
  return element ? Number(element.textContent.replace(/\D/g, "")) : 1;
}

function readBy(element) {
  const author = element?.querySelector("bdi")?.textContent;
  return author ? { author, at: element.querySelector("time").dateTime } : null;
}

function taxaOf(event, taxa) {
  if (event.taxa.length) return event.taxa.map((seen) => taxonOf(seen, taxa));
  return [textOf("span", "nothing", event.is_blank ? "blank" : "no label yet")];
}

function taxonOf({ taxon, count }, taxa) {
  const element = textOf("span", "taxon", "");
  element.dataset.taxon = taxon;
  const vernacular = taxa.vernacular(taxon);
  element.append(textOf("bdi", /^[A-Z][a-z]+ [a-z]/.test(taxon) ? "name scientific" : "name", plain(taxon)));
  if (vernacular) element.append(" ", textOf("span", "vernacular", vernacular));
  if (count !== 1) element.append(" ", textOf("span", "count", `×${count}`));
  return element;
}

function byOf(by) {
  if (!by) return [];
  const time = textOf("time", "", moment(by.at));
  time.dateTime = by.at;
  return [textOf("bdi", "", plain(by.author)), ", ", time];
}

function textOf(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}
