import type {
  AllocateEntry,
  BatchAllocateRequest,
  CommitEntry,
  ReleaseEntry,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import { invalidField, ServiceError } from "@tessera/service-kit/service-error";
import type { AllocateBatch } from "../app/batch-allocate.ts";
import type { Ref } from "../app/ledger.ts";
import type { Wish } from "../domain/decide.ts";
import type { Refusal } from "../domain/errors.ts";
import { checkBatchSize, parseUuid } from "./parse-fields.ts";

/** How far ahead of the time a fencing token may be: more than any clock is wrong by. */
const TOKEN_AHEAD_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Reads a BatchAllocateRequest, or throws INVALID_FIELD. An entry that is malformed becomes a
 * refusal, whose field is a path within the entry.
 */
export function parseBatchAllocate(request: BatchAllocateRequest): AllocateBatch {
  const { eventId, fencingToken, entries } = request;
  checkToken(fencingToken);
  checkBatchSize(entries);
  return {
    eventId: parseUuid("event_id", eventId),
    fencingToken,
    entries: entries.map((entry) => orRefusal(() => parseWish(entry))),
  };
}

/**
 * The next holder of the lock counts on from a token: a huge one would end the event's sale. So would
 * the highest under a fixed maximum, which time is not: it moves on by itself.
 */
function checkToken(token: bigint): void {
  if (token < 0n) {
    throw invalidField("fencing_token", "must not be negative");
  }
  if (token > BigInt(Date.now() + TOKEN_AHEAD_MS) * 1000n) {
    throw invalidField("fencing_token", "must be at most a year ahead, in microseconds since 1970");
  }
}

/** As many as fit into a message of 4 MiB when each has twenty items. */
const ENTRIES_MAX = 4_096;

/**
 * Throws INVALID_FIELD unless there are 1 to 64 batches, each of an event of its own, with 4096
 * entries together at most.
 */
export function checkBatches(batches: readonly BatchAllocateRequest[]): void {
  if (batches.length === 0 || batches.length > 64) {
    throw invalidField("batches", "must have 1 to 64 items");
  }
  const eventIds = new Set(batches.map(({ eventId }) => eventId));
  if (eventIds.size < batches.length) {
    throw invalidField("batches", "must not name an event twice");
  }
  if (batches.reduce((sum, { entries }) => sum + entries.length, 0) > ENTRIES_MAX) {
    throw invalidField("batches", `must have ${ENTRIES_MAX} entries together at most`);
  }
}

/** Reads the entries to commit; malformed ones become refusals. Throws INVALID_FIELD. */
export function parseCommitEntries(entries: readonly CommitEntry[]): (Ref | Refusal)[] {
  checkBatchSize(entries);
  return entries.map((entry) => orRefusal(() => parseRef("", entry)));
}

/** Reads the entries to release, which have no answers of their own. Throws INVALID_FIELD. */
export function parseReleaseEntries(
  entries: readonly ReleaseEntry[],
): (Ref & { isFinal: boolean })[] {
  checkBatchSize(entries);
  return entries.map((entry, index) => ({
    ...parseRef(`entries[${index}].`, entry),
    isFinal: entry.isFinal,
  }));
}

function parseRef(path: string, { allocationId, eventId }: CommitEntry | ReleaseEntry): Ref {
  return {
    allocationId: parseUuid(`${path}allocation_id`, allocationId),
    eventId: parseUuid(`${path}event_id`, eventId),
  };
}

function parseWish({ allocationId, userId, items }: AllocateEntry): Wish {
  parseUuid("allocation_id", allocationId);
  parseUuid("user_id", userId);
  if (items.length === 0 || items.length > 20) {
    throw invalidField("items", "must have 1 to 20 items");
  }
  for (const [index, { ticketTypeId, quantity }] of items.entries()) {
    parseUuid(`items[${index}].ticket_type_id`, ticketTypeId);
    if (quantity < 1 || quantity > 100) {
      throw invalidField(`items[${index}].quantity`, "must be from 1 to 100");
    }
  }
  return { allocationId, userId, items };
}

function orRefusal<T>(parse: () => T): T | Refusal {
  try {
    return parse();
  } catch (failure) {
    if (failure instanceof ServiceError) {
      return failure;
    }
    throw failure;
  }
}
