/** The box in which a person names a taxon: completed from the table, the recent ones first, any text allowed. */

export class RelabelBox {
  #dialog = document.querySelector("#relabel");
  #input = document.querySelector("#relabel-input");
  #list = document.querySelector("#relabel-choices");
  #note = document.querySelector("#relabel-note");
  #taxa;
  #choices = [];
  #chosen = 0;
  #answer = () => {};

  constructor(taxa) {
    this.#taxa = taxa;
    this.#input.addEventListener("input", () => this.#complete());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#finish(this.#choices[this.#chosen]);
    });
    // It is told a little later, when the box may be open for the next question.
    this.#dialog.addEventListener("close", () => this.#dialog.open || this.#answer(undefined));
  }

  /** The taxon that the person gives, or undefined for none. `about` says what will be named. */
  ask(about) {
    this.#input.value = "";
    this.#input.placeholder = about;
    this.#complete();
    this.#dialog.showModal();
    this.#input.focus();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  #finish(choice) {
    if (!choice) return; // nothing is typed and nothing is recent
    this.#taxa.use(choice);
    this.#answer(choice.name);
    this.#dialog.close();
  }

  #complete() {
    const text = this.#input.value.trim();
    const found = this.#taxa.matches(text);
    const isNew = text && !found.some(({ name }) => name === text);
    this.#choices = isNew ? [...found, { name: text, isAsTyped: true }] : found;
    this.#chosen = 0;
    this.#list.replaceChildren(...this.#choices.map(optionOf));
    this.#input.setAttribute("aria-expanded", String(this.#choices.length > 0));
    this.#mark();
  }

  #mark() {
    for (const [at, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(at === this.#chosen));
      if (at === this.#chosen) option.scrollIntoView({ block: "nearest" });
    }
    this.#input.setAttribute("aria-activedescendant", this.#list.children[this.#chosen]?.id ?? "");
    this.#note.textContent = this.#choices[this.#chosen]?.isAsTyped ? "it is kept as you wrote it" : "";
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.#choices.length) return;
    event.preventDefault();
    this.#chosen = (this.#chosen + step + this.#choices.length) % this.#choices.length;
    this.#mark();
  }

  #click(event) {
    const at = [...this.#list.children].indexOf(event.target.closest("li"));
    if (at >= 0) this.#finish(this.#choices[at]);
  }
}

function optionOf({ name, vernacular, isAsTyped }, at) {
  const option = document.createElement("li");
  option.id = `relabel-choice-${at}`;
  option.role = "option";
  const own = document.createElement("bdi");
  own.className = "name";
  own.textContent = isAsTyped ? `as written: ${name}` : name;
  const everyday = document.createElement("span");
  everyday.className = "vernacular";
  everyday.textContent = vernacular ?? "";
  option.append(own, " ", everyday);
  return option;
}
