/** The review page's keyboard and buttons: what they mean on the page that is shown. */

import { Counting } from "./counting.js";
import { Gallery } from "./gallery.js";
import { commandOf } from "./keys.js";
import { Ledger } from "./ledger.js";
import { Light } from "./light.js";
import { mostCommon } from "./outcome.js";
import { Player } from "./player.js";
import { RelabelBox } from "./relabel.js";
import { meta } from "./server.js";
import { Status } from "./status.js";
import { Taxa } from "./taxa.js";
import { plain, several } from "./text.js";
import { Visits } from "./visit.js";

const GALLERY = `cameratrap gallery ${meta("project")}`; // where to go back to
const taxa = new Taxa();
const light = new Light();
const ledger = new Ledger(meta("project"), { changed: paint, answered });
const status = new Status(ledger.queue);
const visits = new Visits(start, (text) => status.say(`${text}: the next page comes when it does`));
const counting = new Counting((text) => text && status.say(`count ${text}`), setCount);
const SAYING = new Set([
  "verify", "blank", "unknown", "relabel", "common", "digit", "more", "fewer", "flag", "undo", "redo",
]); // what needs an event that is there to be seen
let view;
let box;
let isWithin = false; // whether the page that follows is one of ours, which sends what this one has not

const COMMANDS = {
  verify,
  blank: () => act("blank"),
  unknown: () => act("unknown"),
  relabel,
  common,
  flag: () => act(targets().every((event) => event.flagged) ? "unflag" : "flag"),
  more: () => counting.step(1, currentCount()),
  fewer: () => counting.step(-1, currentCount()),
  undo: () => ledger.undo(),
  redo: () => ledger.redo(),
  boxes: () => light.toggleBoxes(),
  brighter: () => light.brighten(1),
  darker: () => light.brighten(-1),
  steeper: () => light.steepen(1),
  flatter: () => light.steepen(-1),
  help: () => document.querySelector("#help")?.showModal(),
};

document.documentElement.classList.add("js");
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("submit", (event) => (isWithin ||= !event.defaultPrevented && event.target.method === "get"));
// A number is for the event at which it was typed.
document.addEventListener("pointerdown", () => counting.finish(), { capture: true });
addEventListener("popstate", () => counting.finish());
addEventListener("pagehide", () => counting.finish());
addEventListener("beforeunload", (event) => {
  counting.finish();
  if (ledger.queue.unsent.length && !isWithin) event.preventDefault();
});
addEventListener("pageshow", () => (isWithin = false));
start(0);
ledger.queue.send();

function start(asked_ms) {
  const here = view?.id;
  view?.end?.();
  const desk = { ledger, taxa, visits, light, status, galleryAddress: sessionStorage.getItem(GALLERY) };
  const View = { gallery: Gallery, event: Player }[document.body.dataset.page];
  view = View && new View(desk, asked_ms, here);
  box = document.querySelector("#relabel") && new RelabelBox(taxa);
  if (view instanceof Gallery) sessionStorage.setItem(GALLERY, location.href);
  taxa.learn(document);
  light.start();
  status.say(waitsForAnother());
  paint();
}

/** The browser keeps by address: what was not sent when another project was at this one is seen from here only. */
function waitsForAnother() {
  const { foreign } = ledger.queue;
  if (!foreign) return "";
  const how = `start \`cameratrap review --port ${location.port}\` for it`;
  return `${several(foreign, "correction")} of another project not sent yet, kept in this browser: ${how}`;
}

function paint() {
  view?.paint();
  status.paint();
}

function answered(item, answer) {
  visits.forget();
  if (answer.warning) status.say(answer.warning);
  else if (item.says === "undo") status.say(answer.action ? `undone: ${named(answer)}` : "nothing is left to undo");
  else if (item.says === "redo") status.say(answer.action ? `done again: ${named(answer)}` : "nothing was undone");
  view?.heard?.(answer.events.map(({ id }) => id));
}

/** An action that was turned, which may be another person's. */
function named({ kind, total, author }) {
  return `${kind}: ${several(total, "event")}, by ${plain(author)}`;
}

function onKey(event) {
  if (document.querySelector("dialog[open]") || !view) return;
  if (event.key === "Escape" && event.target.matches("input, select")) event.target.blur();
  const command = commandOf(event);
  if (!command) return;
  event.preventDefault();
  run(command, event.key);
}

function onClick(event) {
  const button = event.target.closest("button[data-act], #undo, #redo, #boxes-toggle, #help-open");
  const link = event.target.closest("a[href]");
  if (button && view) {
    event.preventDefault();
    button.blur(); // or Enter would press it again
    run(button.dataset.act ?? { "boxes-toggle": "boxes", "help-open": "help" }[button.id] ?? button.id);
  } else if (link && !event.defaultPrevented) isWithin = new URL(link.href).origin === location.origin;
}

function run(command, key) {
  if (SAYING.has(command) && visits.isUnderWay) return status.say("wait: the next event is not here yet");
  if (command === "digit") return counting.digit(key);
  if (command === "escape" && (counting.isOpen || visits.isUnderWay)) {
    counting.cancel();
    visits.cancel();
    return status.say("");
  }
  if (!["more", "fewer"].includes(command)) counting.finish();
  (view.commands[command] ?? COMMANDS[command])?.();
  view.paint();
}

function targets() {
  return view.target.ids.map((id) => ledger.event(id));
}

function currentCount() {
  return Math.max(1, ...targets().flatMap((event) => event.taxa.map(({ count }) => count)));
}

/** What stands as a person's word needs no other: Enter then only goes on. */
async function verify() {
  const states = targets().map(({ state }) => state);
  const { isBulk, isBurst } = view.target;
  if (!isBulk && states.length && states.every((state) => state === "unlooked")) {
    status.say("nobody has said what this is yet: R to name it, X if there is nothing");
    return;
  }
  const isDone = !isBulk && !isBurst && states.every((state) => state === "verified");
  if (isDone || (await act("verify"))) view.advance();
}

async function relabel() {
  const { count, isBurst, taxon: from } = view.target;
  if (!count) return;
  const what = from ? plain(from) : isBurst ? "this burst" : several(count, "event");
  const taxon = await box.ask(`another name for ${what}`);
  if (taxon) await act("relabel", from ? { taxon, from_taxon: from } : { taxon });
}

function common() {
  const taxon = mostCommon(targets());
  if (taxon) act("relabel", { taxon });
  else status.say("none of these has a taxon");
}

/** Where several taxa are seen a count is of none of them; of many events, those that show one are meant. */
function setCount(count) {
  const { isBulk, isBurst, taxon } = view.target;
  if (count === 0) return act("blank");
  if (taxon) return act("count", { count, taxon });
  if (isBulk || isBurst) return act("count", { count });
  const meant = targets().filter(({ taxa: seen }) => seen.length === 1).map(({ id }) => id);
  if (meant.length) return act("count", { count }, meant);
  const which = view.commands.taxon ? "choose which (T)" : "open the event (O) and choose which (T)";
  return status.say(`there is not one taxon to count: name it first (R), or ${which}`);
}

/** Whether it was done: not where nothing is chosen, or the person would not have so many changed. */
async function act(kind, fields = {}, meant = undefined) {
  const { scope, ids, count, isBulk, isBurst } = meant
    ? { scope: { events: meant }, ids: meant, count: meant.length }
    : view.target;
  if (!count) return status.say("no event is chosen");
  const what = { relabel: `${kind} as ${plain(fields.taxon ?? "")}`, count: `${kind} ${fields.count}` }[kind] ?? kind;
  const says = `${what}: ${isBurst ? "one burst" : several(count, "event")}`;
  if (isBulk && !(await confirmed(says))) return false;
  try {
    ledger.act({ kind, ...fields, ...scope }, ids, says);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return status.say("not done: this browser has no room left to keep corrections in until they are sent");
  }
  status.say(says);
  return true;
}

function confirmed(says) {
  const dialog = document.querySelector("#confirm");
  document.querySelector("#confirm-text").textContent = `${says}, all that the filter finds. Go on?`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
