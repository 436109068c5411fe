/** Text of others, made fit to be looked at; the server's pages write it alike. */

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line in which hidden characters, and those that turn the direction of what follows, are seen as their codes. */
export function plain(text, longest = 120) {
  const shown = text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
  return shown.replace(HIDDEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A time as the pages write it: as it was on the clock there. */
export function moment(iso) {
  return iso.slice(0, 19).replace("T", " ");
}

/** `1 event`, `1,200 events`. */
export function several(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}
