/** Which command a key press means. What the keys do is written for people in templates/_keys.html. */

export const KEYS = {
  verify: ["Enter"],
  blank: ["x"],
  unknown: ["u"],
  relabel: ["r"],
  common: ["m"],
  digit: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  more: ["+", "="],
  fewer: ["-"],
  flag: ["f"],
  burst: ["s"],
  taxon: ["t"],
  undo: ["Mod+z"],
  redo: ["Mod+Shift+z", "Mod+y"],
  left: ["ArrowLeft"],
  right: ["ArrowRight"],
  up: ["ArrowUp"],
  down: ["ArrowDown"],
  extendLeft: ["Shift+ArrowLeft"],
  extendRight: ["Shift+ArrowRight"],
  extendUp: ["Shift+ArrowUp"],
  extendDown: ["Shift+ArrowDown"],
  all: ["Mod+a"],
  next: ["e"],
  previous: ["Shift+e"],
  open: ["o"],
  play: [" "],
  boxes: ["b"],
  difference: ["d"],
  darker: ["["],
  brighter: ["]"],
  flatter: ["{"],
  steeper: ["}"],
  help: ["?"],
  escape: ["Escape"],
};

const COMMANDS = new Map(Object.entries(KEYS).flatMap(([command, keys]) => keys.map((key) => [key, command])));
const REPEATING = new Set([
  "left", "right", "up", "down", "extendLeft", "extendRight", "extendUp", "extendDown",
  "more", "fewer", "darker", "brighter", "flatter", "steeper", "undo", "redo",
]);
const WRITING = "input, textarea, select, [contenteditable]";
const PRESSABLE = "a[href], button, summary";

/** The command of a key press, or undefined: typing, and the browser's own keys, are none of ours. */
export function commandOf(event) {
  if (event.isComposing) return undefined;
  const isGone = event.target.closest("dialog:not([open])"); // a box that was closed has the focus until the next frame
  if (!isGone && event.target.closest(WRITING)) return undefined;
  if (!isGone && ["Enter", " "].includes(event.key) && event.target.closest(PRESSABLE)) return undefined;
  const command = COMMANDS.get(nameOf(event));
  return event.repeat && !REPEATING.has(command) ? undefined : command; // a key that is leant on verifies nothing
}

/** A press as KEYS writes it: letters small whatever Caps Lock says, signs without the Shift that makes them. */
function nameOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  if (altKey && !"[]{}".includes(key)) return ""; // these are made with Alt or AltGr on many keyboards
  const isMod = (ctrlKey || metaKey) && !altKey;
  const isForeign = key.length === 1 && key > "\x7f" && code.startsWith("Key"); // a Cyrillic or Greek keyboard
  const name = isForeign ? code.slice(3).toLowerCase() : key.length === 1 ? key.toLowerCase() : key;
  const isShift = shiftKey && (name.length > 1 || (name >= "a" && name <= "z"));
  return `${isMod ? "Mod+" : ""}${isShift ? "Shift+" : ""}${name}`;
}
