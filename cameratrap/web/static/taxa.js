/** Names of taxa that can be completed: those used last, and what the server's table has. */

import { get } from "./server.js";

const RECENT = "cameratrap recent taxa";
const MOST_RECENT = 12;
const LONGEST_REQUEST_MS = 2_000;

export class Taxa {
  #vernaculars = new Map();

  /** Take the everyday names from a page, which the server wrote there. */
  learn(page) {
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
    localStorage.setItem(RECENT, JSON.stringify([{ name, vernacular }, ...others].slice(0, MOST_RECENT)));
  }

  /** What `text` may mean, the best first; where the server does not answer, of those used last. */
  async matches(text) {
    const wanted = fold(text);
    const recent = this.recent;
    if (!wanted) return recent;
    const found = await get(`/api/taxa?q=${encodeURIComponent(text)}`, LONGEST_REQUEST_MS).catch(() =>
      recent.filter((each) => namesOf(each).some((name) => name.includes(wanted))),
    );
    for (const { name, vernacular } of found) this.#vernaculars.set(name, vernacular);
    const place = (each) => {
      if (namesOf(each).includes(wanted)) return -1;
      const at = recent.findIndex(({ name }) => name === each.name);
      return at < 0 ? MOST_RECENT : at;
    };
    return found.sort((one, other) => place(one) - place(other));
  }
}

function namesOf({ name, vernacular }) {
  return [fold(name), fold(vernacular)];
}

function fold(text) {
  return text.trim().toLowerCase().normalize("NFC");
}
