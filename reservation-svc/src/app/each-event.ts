/**
 * Serves the entries of each event together, all events at the same time; one answer for each entry,
 * in order. A failure is that of the event's entries alone.
 */
export async function eachEvent<Entry, Answer>(
  entries: readonly Entry[],
  eventIdOf: (entry: Entry) => string,
  serve: (eventId: string, entries: readonly Entry[]) => Promise<readonly (Answer | Error)[]>,
): Promise<(Answer | Error)[]> {
  const answers = new Map<Entry, Answer | Error>();
  const serveEvent = async ([eventId, some]: [string, Entry[]]) => {
    const served = await serve(eventId, some).catch((reason: unknown) => {
      const failure = reason instanceof Error ? reason : new Error(String(reason));
      return some.map(() => failure);
    });
    for (const [index, entry] of some.entries()) {
      answers.set(entry, served[index] ?? new Error("too few entries were answered"));
    }
  };
  await Promise.all([...Map.groupBy(entries, eventIdOf)].map(serveEvent));
  return entries.map((entry) => answers.get(entry) ?? new Error("an entry was forgotten"));
}
