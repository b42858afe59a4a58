/** One allocation of one event. */
export interface Ref {
  allocationId: string;
  eventId: string;
}

/** The entries of one event, with their places in the request. */
interface Group {
  eventId: string;
  allocationIds: string[];
  places: number[];
}

/**
 * Runs `work` once for each event, for all at the same time: the ledger combines them.
 *
 * A failure of one event does not keep the others from being served: it is returned beside them.
 */
export async function byEvent<T>(
  refs: readonly Ref[],
  work: (eventId: string, allocationIds: readonly string[]) => Promise<T>,
): Promise<(Group & { result: PromiseSettledResult<T> })[]> {
  return await Promise.all(
    groupsOf(refs).map(async (group) => {
      const [result] = await Promise.allSettled([work(group.eventId, group.allocationIds)]);
      return { ...group, result };
    }),
  );
}

function groupsOf(refs: readonly Ref[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [place, { allocationId, eventId }] of refs.entries()) {
    const group = groups.get(eventId) ?? { eventId, allocationIds: [], places: [] };
    group.allocationIds.push(allocationId);
    group.places.push(place);
    groups.set(eventId, group);
  }
  return [...groups.values()];
}
