/**
 * What an action makes of an event, before the server has said so.
 *
 * An event is {id, state, taxa: [{taxon, count}], is_blank, flagged, by}. The server decides; this is its rule for
 * whole events, so that the screen need not wait for it. Of a single burst of an event the server alone knows.
 */

const UNKNOWN = "unknown";

/** The event as it looks after `action`, {kind, taxon?, from_taxon?, count?, sequences?}. */
export function outcome(event, action) {
  if (action.kind === "flag" || action.kind === "unflag") return { ...event, flagged: action.kind === "flag" };
  if (action.sequences) return { ...event, state: event.state === "verified" ? "verified" : "partly" };
  const saysNothing = event.state === "unlooked" && ["verify", "count"].includes(action.kind);
  if (saysNothing) return event; // there is no word yet that could be verified
  const taxa = merged(TAXA[action.kind](event.taxa, action));
  return { ...event, taxa, state: "verified", is_blank: taxa.length === 0, by: null };
}

const TAXA = {
  verify: (taxa) => taxa,
  blank: () => [],
  unknown: (taxa) => [{ taxon: UNKNOWN, count: most(taxa) }],
  relabel: (taxa, { taxon, from_taxon: from }) => {
    if (!taxa.length) return [{ taxon, count: 1 }];
    return taxa.map((each) => (from && each.taxon !== from ? each : { ...each, taxon }));
  },
  count: (taxa, { taxon, count }) => taxa.map((each) => (!taxon || each.taxon === taxon ? { ...each, count } : each)),
};

function most(taxa) {
  return Math.max(1, ...taxa.map(({ count }) => count));
}

function merged(taxa) {
  const counts = new Map();
  for (const { taxon, count } of taxa) counts.set(taxon, Math.max(count, counts.get(taxon) ?? 0));
  const all = [...counts].map(([taxon, count]) => ({ taxon, count }));
  return all.sort((one, other) => (one.taxon < other.taxon ? -1 : 1));
}

/** The taxon that most of these events show, of equals the one with more individuals; undefined where there is none. */
export function mostCommon(events) {
  const weights = new Map();
  for (const { taxon, count } of events.flatMap(({ taxa }) => taxa)) {
    const [times, individuals] = weights.get(taxon) ?? [0, 0];
    weights.set(taxon, [times + 1, individuals + count]);
  }
  const [first] = [...weights].sort(([, one], [, other]) => other[0] - one[0] || other[1] - one[1]);
  return first?.[0];
}
