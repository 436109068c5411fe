/** The server at the other end of this page: requests that either came through, were refused, or did not arrive. */

const LONGEST_REQUEST_MS = 120_000;

/** The request may be sent again: it did not arrive, or nothing is known of what became of it. */
export class Unreachable extends Error {
  constructor(message = "the server does not answer") {
    super(message);
  }
}

/** The server tried and could not. */
export class Broken extends Unreachable {}

/** The server understood and said no. */
export class Refused extends Error {
  constructor(error, hint) {
    super(error);
    this.hint = hint ?? "";
  }
}

/** What a page says of itself in its head; undefined where it says nothing. */
export function meta(name, page = document) {
  return page.querySelector(`meta[name="cameratrap-${name}"]`)?.content;
}

/** Send one action; gives what the server answered. Raises Refused or Unreachable. */
export async function post(path, body) {
  let response = await send(path, body);
  if (response.status === 403) {
    await renewToken(); // a server that was started again has another one
    response = await send(path, body);
  }
  return answerOf(response);
}

/** Values from the server. Raises Refused or Unreachable. */
export async function get(path, longest_ms = LONGEST_REQUEST_MS) {
  return answerOf(await request(path, { headers: { Accept: "application/json" } }, longest_ms));
}

/** Another page of the same server as a document; its token is the one in use from then on. */
export async function page(address) {
  const response = await request(address, { headers: { Accept: "text/html" } });
  if (response.status >= 500) throw new Broken(`the server answered with ${response.status}`);
  const found = new DOMParser().parseFromString(await textOf(response), "text/html");
  takeToken(found);
  return found;
}

/** A part of a page, as HTML of our own templates. Raises Refused or Unreachable. */
export async function part(path) {
  const response = await request(path, { headers: { Accept: "text/html" } });
  const html = await textOf(response);
  if (!response.ok) throw new Unreachable(`the server answered with ${response.status}`);
  return new DOMParser().parseFromString(html, "text/html").body;
}

function send(path, body) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Cameratrap": meta("token") ?? "" },
    body: JSON.stringify(body),
  });
}

async function request(path, options, longest_ms = LONGEST_REQUEST_MS) {
  try {
    return await fetch(path, { ...options, cache: "no-store", signal: AbortSignal.timeout(longest_ms) });
  } catch {
    throw new Unreachable();
  }
}

async function textOf(response) {
  try {
    return await response.text();
  } catch {
    throw new Unreachable(); // it ended in the middle
  }
}

async function answerOf(response) {
  const text = await textOf(response);
  if (response.status >= 500) throw new Broken(`the server answered with ${response.status}`);
  let values;
  try {
    values = JSON.parse(text);
  } catch {
    throw new Refused(`the server answered with ${response.status}`, "reload this page");
  }
  if (!response.ok) throw new Refused(values.error ?? `the server answered with ${response.status}`, values.hint);
  return values;
}

async function renewToken() {
  const found = new DOMParser().parseFromString(await textOf(await request("/", {})), "text/html");
  takeToken(found);
}

function takeToken(found) {
  const token = meta("token", found);
  if (!token) return;
  if (meta("project", found) !== meta("project")) {
    throw new Unreachable("another project is at this address now: start `cameratrap review` for this one again");
  }
  document.querySelector('meta[name="cameratrap-token"]').content = token;
}
