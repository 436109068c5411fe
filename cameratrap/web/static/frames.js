/** The pictures of one event, one of them large: with its boxes, and what differs from the background where wanted. */

import { get } from "./server.js";
import { plain } from "./text.js";

const FRAME_MS = 250; // a burst's pictures are a second apart; four a second show how the animal goes
const FACTS_WAIT_MS = 150; // the facts are asked for when a picture stays
const WIDTH = 1920; // pixels of the large picture, as the server's page asks for it
const SVG = "http://www.w3.org/2000/svg";

export class Frames {
  #player = document.querySelector("#player");
  #media = JSON.parse(document.querySelector("#event-data").textContent).media;
  #links = new Map([...document.querySelectorAll("#frames .frame")].map((link) => [Number(link.dataset.media), link]));
  #at = Math.max(0, this.#media.findIndex(({ id }) => this.#links.get(id)?.getAttribute("aria-current") === "true"));
  #first = Number(document.querySelector("#frame-number")?.textContent) - 1 - this.#at; // of a long event's pictures
  #isDifference = false;
  #timer;
  #factsTimer;
  #shown;

  /** `shown()` is called when another picture has been put there. */
  constructor(shown) {
    this.#shown = shown;
    for (const [id, link] of this.#links) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.#go(this.#media.findIndex((each) => each.id === id));
      });
    }
    document.querySelector("#play")?.addEventListener("click", () => this.play());
    this.#player.addEventListener("error", (event) => this.#cannotPlay(event.target), { capture: true });
    this.#cannotPlay(this.#player.querySelector("video")); // which it may have found before this script was there
    document.querySelector("#difference-toggle")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.toggleDifference();
    });
  }

  /** The number of the burst that the shown picture is of; undefined where there is no picture. */
  get sequence() {
    return this.#media[this.#at]?.sequence;
  }

  /** Whether the event has more than one burst. */
  get hasBursts() {
    return new Set(this.#media.map(({ sequence }) => sequence)).size > 1;
  }

  /** Whether a picture is of the same burst as the shown one. */
  isOfBurst(id) {
    return this.#media.find((each) => each.id === id)?.sequence === this.sequence;
  }

  get isPlaying() {
    return this.#timer !== undefined;
  }

  /** Go on or back by so many pictures; false where those of the page end before that. */
  step(by) {
    this.stop();
    return this.#go(this.#at + by);
  }

  /** Show one after the other, again and again, until stopped; a clip plays itself. */
  play() {
    const clip = this.#player.querySelector("video");
    if (clip) {
      if (clip.paused) clip.play();
      else clip.pause();
    } else if (this.isPlaying) this.stop();
    else if (this.#media.length > 1) this.#start();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    document.querySelector("#play")?.setAttribute("aria-pressed", "false");
  }

  /** The picture itself, or what differs in it from the background. */
  toggleDifference() {
    this.#isDifference = !this.#isDifference;
    document.querySelector("#difference-toggle")?.setAttribute("aria-pressed", String(this.#isDifference));
    this.#go(this.#at);
  }

  /** Let go of what goes on by itself. */
  end() {
    this.stop();
    clearTimeout(this.#factsTimer);
  }

  #start() {
    for (const media of this.#media) if (isStill(media)) new Image().src = this.#address(media);
    document.querySelector("#play")?.setAttribute("aria-pressed", "true");
    this.#timer = setInterval(() => {
      if (this.#player.querySelector(".shot")?.complete === false) return; // the last one is still on its way
      this.#go((this.#at + 1) % this.#media.length);
    }, FRAME_MS);
  }

  #go(at) {
    const media = this.#media[at];
    if (!media) return false;
    this.#at = at;
    this.#player.replaceChildren(this.#pictureOf(media));
    for (const [id, link] of this.#links) {
      if (id === media.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    this.#links.get(media.id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.#tell(media);
    this.#shown();
    return true;
  }

  #pictureOf(media) {
    if (media.state !== "present" && media.state !== "blurred") return placeholder(`the picture is ${media.state}`);
    if (!isStill(media)) {
      return Object.assign(shotOf("video"), { src: `/media/${media.id}`, controls: true, muted: true });
    }
    const shot = Object.assign(shotOf("img"), { src: this.#address(media), alt: plain(media.path) });
    const picture = document.createElement("span");
    picture.className = "picture";
    picture.append(shot, boxesOf(media.boxes));
    return picture;
  }

  #cannotPlay(clip) {
    if (clip?.error) clip.replaceWith(placeholder("this browser cannot play the clip: Original opens it elsewhere"));
  }

  #address({ id }) {
    return this.#isDifference ? `/difference/${id}` : `/thumb/${id}?w=${WIDTH}`;
  }

  #tell(media) {
    const original = document.querySelector("#original");
    if (original) original.href = `/media/${media.id}`;
    document.querySelector("#frame-number").textContent = this.#first + this.#at + 1;
    document.querySelector("#frame-path").textContent = plain(media.path);
    clearTimeout(this.#factsTimer);
    this.#factsTimer = setTimeout(() => showFacts(media.id), FACTS_WAIT_MS);
  }
}

async function showFacts(id) {
  let answer;
  try {
    answer = await get(`/api/facts/${id}`);
  } catch {
    answer = { facts: [] }; // better none than those of another picture
  }
  const rows = answer.facts.flatMap(({ name, value }) => [withText("dt", name), withText("dd", plain(value))]);
  document.querySelector("#facts")?.replaceChildren(...rows);
}

function isStill({ mediatype }) {
  return !mediatype.startsWith("video/");
}

function shotOf(name) {
  const element = document.createElement(name);
  element.className = "shot";
  return element;
}

function placeholder(text) {
  return Object.assign(withText("span", text), { className: "placeholder" });
}

function withText(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

function boxesOf(boxes) {
  const drawing = drawn("svg", { class: "boxes", "aria-hidden": "true" });
  drawing.append(...boxes.map(boxOf));
  return drawing;
}

function boxOf({ x, y, width, height, taxon, score, counts }) {
  const group = drawn("g", { class: `box ${counts ? "counts" : "doubtful"}` });
  const name = drawn("text", { x: percent(x), y: percent(y) });
  name.textContent = `${plain(taxon, 40)} ${score.toFixed(2)}`;
  group.append(drawn("rect", { x: percent(x), y: percent(y), width: percent(width), height: percent(height) }), name);
  return group;
}

function drawn(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function percent(fraction) {
  return `${(100 * fraction).toFixed(2)}%`;
}
