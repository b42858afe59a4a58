import fc from "fast-check";

/** Ids of things that exist, by what they are of: `event`, `ticket type`, `reservation`, `user`. */
export type KnownIds = Readonly<Record<string, readonly string[]>>;

/**
 * Ids for a field or a parameter with this name: mostly of things that exist and fit the name, so
 * that made-up requests get past the first check.
 */
export function idFor(name: string, known: KnownIds): fc.Arbitrary<string> {
  const noun = nounOf(name);
  const fitting = known[noun] ?? [];
  const all = Object.values(known).flat();
  return fc.oneof(
    ...(fitting.length === 0 ? [] : [{ weight: 8, arbitrary: fc.constantFrom(...fitting) }]),
    ...(all.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...all) }]),
    { weight: 1, arbitrary: fc.uuid() },
  );
}

/** `eventId`, `event_ids` and `events` are all of `event`; an allocation is its reservation. */
function nounOf(name: string): string {
  const noun = name
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll(/[_-]/g, " ")
    .toLowerCase()
    .replace(/ ids?$/, "")
    .replace(/s$/, "");
  return noun === "allocation" ? "reservation" : noun;
}
