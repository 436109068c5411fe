/** Names of taxa that can be completed: those used last, and all that the server knows, fetched once. */

import { get } from "./server.js";

const RECENT = "cameratrap recent taxa";
const MOST = 12;
const DROPPED = /['\u2019]/g;
const SPACES = /[\s_-]+/g;

export class Taxa {
  #vernaculars = new Map();
  #table = []; // {name, vernacular, keys, is_own}, those of the project first
  #asked;

  /** Take the everyday names from a page, which the server wrote there; and the server's names where they lack. */
  learn(page) {
    this.#asked ??= this.#fetch();
    for (const taxon of page.querySelectorAll(".taxon")) {
      const vernacular = taxon.querySelector(".vernacular")?.textContent;
      if (vernacular) this.#vernaculars.set(taxon.dataset.taxon, vernacular);
    }
  }

  /** The everyday name of a taxon, empty where none is known here. */
  vernacular(name) {
    return this.#vernaculars.get(name) ?? "";
  }

  /** Those used last, newest first, as {name, vernacular}. */
  get recent() {
    return JSON.parse(localStorage.getItem(RECENT) ?? "[]");
  }

  /** Remember that a person used this one. */
  use({ name, vernacular = "" }) {
    const others = this.recent.filter((each) => each.name !== name);
    localStorage.setItem(RECENT, JSON.stringify([{ name, vernacular }, ...others].slice(0, MOST)));
  }

  /**
   * What `text` may mean, the best first: exact names, those used last, then as cameratrap/domain/completion.py ranks
   * them. At once: a person who types fast and presses Enter gets what stands in the box, whatever the server does.
   */
  matches(text) {
    const wanted = keyOf(text);
    const recent = this.recent;
    if (!wanted) return recent;
    const places = new Map(recent.map(({ name }, place) => [name, place]));
    const ranked = this.#known(recent)
      .filter(({ keys }) => keys.some((key) => begins(key, wanted)))
      .map((each) => ({ each, rank: rankOf(each, wanted, places.get(each.name) ?? MOST) }));
    ranked.sort((one, other) => compared(one.rank, other.rank));
    return ranked.slice(0, MOST).map(({ each }) => each);
  }

  /** The table, and what was used last and is not in it. */
  #known(recent) {
    const names = new Set(this.#table.map(({ name }) => name));
    const others = recent.filter(({ name }) => !names.has(name));
    return [...this.#table, ...others.map((each) => ({ ...each, keys: namesOf(each), is_own: true }))];
  }

  async #fetch() {
    try {
      this.#table = await get("/api/taxa");
      for (const { name, vernacular } of this.#table) this.#vernaculars.set(name, vernacular);
    } catch {
      this.#asked = undefined; // once more on the next page; until then a name is sent as it is written
    }
  }
}

function rankOf(each, wanted, place) {
  const keys = namesOf(each);
  const isWhole = keys.some((key) => key.startsWith(wanted));
  return [!keys.includes(wanted), place, !each.is_own, !isWhole, each.name];
}

function compared(one, other) {
  const at = one.findIndex((value, place) => value !== other[place]);
  if (at < 0) return 0;
  return one[at] < other[at] ? -1 : 1;
}

function namesOf({ name, vernacular }) {
  return [name, vernacular].map(keyOf).filter(Boolean);
}

function begins(key, wanted) {
  return key.startsWith(wanted) || key.includes(` ${wanted}`);
}

/** What names are compared by, as `name_key` of cameratrap/domain/taxon.py makes it. */
function keyOf(name) {
  return name.normalize("NFKC").toLowerCase().replace(DROPPED, "").replace(SPACES, " ").trim();
}
