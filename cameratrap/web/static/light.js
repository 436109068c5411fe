/** How pictures are shown on this screen: brightness, contrast and boxes, kept while the tab lives. */

const KEPT = "cameratrap light";
const PLAIN = { brightness: 100, contrast: 100, boxes: true }; // in per cent
const STEP = 10;
const [DARKEST, BRIGHTEST] = [20, 400];

export class Light {
  #now = { ...PLAIN, ...JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") };

  /** Show the page by it, and follow its controls. */
  start() {
    for (const name of ["brightness", "contrast"]) {
      const range = document.querySelector(`#${name}`);
      range?.addEventListener("input", () => this.#set({ [name]: Number(range.value) }));
      range?.addEventListener("change", () => range.blur()); // keys are for the event again
    }
    const { brightness, contrast } = PLAIN;
    document.querySelector("#light-reset")?.addEventListener("click", () => this.#set({ brightness, contrast }));
    this.show();
  }

  brighten(steps) {
    this.#set({ brightness: held(this.#now.brightness + steps * STEP) });
  }

  steepen(steps) {
    this.#set({ contrast: held(this.#now.contrast + steps * STEP) });
  }

  toggleBoxes() {
    this.#set({ boxes: !this.#now.boxes });
  }

  /** Once more for a picture that was put there since. */
  show() {
    const { brightness, contrast, boxes } = this.#now;
    document.body.classList.toggle("no-boxes", !boxes);
    document.querySelector("#boxes-toggle")?.setAttribute("aria-pressed", String(boxes));
    const shot = document.querySelector("#player .shot");
    const isPlain = brightness === PLAIN.brightness && contrast === PLAIN.contrast;
    if (shot) shot.style.filter = isPlain ? "" : `brightness(${brightness}%) contrast(${contrast}%)`;
    for (const name of ["brightness", "contrast"]) {
      const range = document.querySelector(`#${name}`);
      if (range) range.value = this.#now[name];
    }
  }

  #set(change) {
    this.#now = { ...this.#now, ...change };
    sessionStorage.setItem(KEPT, JSON.stringify(this.#now));
    this.show();
  }
}

function held(value) {
  return Math.min(BRIGHTEST, Math.max(DARKEST, value));
}
