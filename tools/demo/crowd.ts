import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { LoadUser } from "../load-users.ts";
import type { SeededEvent } from "../local/seed.ts";
import type { Answer, BuyerPost, RestClient } from "./rest-client.ts";
import { Tally } from "./tally.ts";

/** What buyers were told, for comparing it with what the databases say. */
export interface Outcome {
  /** Ids of the reservations that were acknowledged, by what became of them. */
  confirmed: Set<string>;
  cancelled: Set<string>;
  letGo: Set<string>;
  /** Units of the confirmed ones. */
  unitsSold: number;
  /** Reservations, as the buyers saw them. */
  reserve: Tally;
  confirm: Tally;
  cancel: Tally;
  /** When each buyer had a first answer, counted from when all of them came. */
  first: Tally;
  /** Buyers who have nothing more to do. */
  done: number;
  /** Buyers who got no answer, or one that makes no sense. */
  failures: string[];
}

/** How often a buyer asks again when told to come later, or after a broken connection. */
const PATIENCE = 20;
/** How often a buyer looks again after "sold out": somebody may cancel. */
const HOPE = 4;

const RESERVATIONS = "/v1/reservations";

/** What the buyer of this number does with a reservation: one of three, in turn. */
const INTENTIONS = ["confirm", "cancel", "let go"] as const;

/** Lets all buyers come at once; resolves when the last of them is done. */
export async function storm(
  client: RestClient,
  { event, users }: { event: SeededEvent; users: readonly LoadUser[] },
  outcome: Outcome,
): Promise<void> {
  const startTime = performance.now();
  await Promise.all(
    users.map(async (user, number) => {
      try {
        await buy(client, { event, user, number, startTime }, outcome);
      } catch (reason) {
        outcome.failures.push(reason instanceof Error ? reason.message : String(reason));
      }
      outcome.done += 1;
    }),
  );
}

/** An outcome in which nothing has happened yet. */
export function emptyOutcome(): Outcome {
  return {
    confirmed: new Set(),
    cancelled: new Set(),
    letGo: new Set(),
    unitsSold: 0,
    reserve: new Tally(),
    confirm: new Tally(),
    cancel: new Tally(),
    first: new Tally(),
    done: 0,
    failures: [],
  };
}

async function buy(
  client: RestClient,
  buyer: { event: SeededEvent; user: LoadUser; number: number; startTime: number },
  outcome: Outcome,
): Promise<void> {
  const { event, user, number, startTime } = buyer;
  // Most want one ticket of the large type; some want two, some the small type.
  const quantity = number % 5 === 0 ? 2 : 1;
  const type = event.ticketTypes[number % 4 === 0 ? 1 : 0];
  const wish = {
    path: RESERVATIONS,
    accessToken: user.accessToken,
    idempotencyKey: `demo-${event.id}-${number}`,
    body: { eventId: event.id, items: [{ ticketTypeId: type?.id, quantity }] },
  };
  const onFirst = () => outcome.first.add("first", performance.now() - startTime);
  const hold = await reserve(client, outcome, { ...wish, onFirst });
  if (hold === undefined) {
    return;
  }
  const { id } = hold;
  const intention = INTENTIONS[number % INTENTIONS.length] ?? "let go";
  const post = {
    path: `${RESERVATIONS}/${id}/${intention}`,
    accessToken: user.accessToken,
    idempotencyKey: `${intention}-${id}`,
    body: intention === "confirm" ? { paymentReference: `demo-${number}` } : {},
  };
  if (intention === "let go" || !isInTime(await ask(client, outcome[intention], post), hold)) {
    outcome.letGo.add(id);
  } else if (intention === "confirm") {
    outcome.confirmed.add(id);
    outcome.unitsSold += quantity;
  } else {
    outcome.cancelled.add(id);
  }
}

/** False when the hold had lapsed, as it does where a slow machine lets its buyer come too late. */
function isInTime({ status, body }: Answer, { expireTime }: Hold): boolean {
  const hasLapsed = body?.code === "HOLD_EXPIRED" || body?.state === "EXPIRED";
  if (status !== 200 && !(hasLapsed && Date.now() >= expireTime)) {
    throw new Error(`unexpected answer ${status} ${body?.code}`);
  }
  return status === 200;
}

interface Hold {
  id: string;
  expireTime: number;
}

/** Undefined when it stays sold out. */
async function reserve(
  client: RestClient,
  outcome: Outcome,
  { onFirst, ...post }: BuyerPost & { onFirst: () => void },
): Promise<Hold | undefined> {
  for (let attempt = 0; attempt <= HOPE; attempt += 1) {
    const answer = await ask(client, outcome.reserve, post);
    if (attempt === 0) {
      onFirst();
    }
    if (answer.status === 201) {
      const { id, expiresAt } = answer.body ?? {};
      return { id: String(id), expireTime: Date.parse(String(expiresAt)) };
    }
    if (answer.body?.code !== "SOLD_OUT") {
      throw new Error(`unexpected answer ${answer.status} ${answer.body?.code}`);
    }
    await setTimeout(randomInt(200, 600));
  }
  return undefined;
}

/** Asks, and asks again under the same key when told that it may help or when nothing came back. */
async function ask(client: RestClient, tally: Tally, post: BuyerPost): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    // Whoever has a hold, or may have one, would lose it behind those who want one.
    const isUrgent = attempt > 1 || post.path !== RESERVATIONS;
    const answer = await client.post(post, { isUrgent }).catch((reason: unknown) => {
      tally.add("no answer", Number.POSITIVE_INFINITY);
      if (attempt >= PATIENCE) {
        throw reason;
      }
      return undefined;
    });
    if (answer !== undefined) {
      tally.add(`${answer.status} ${answer.body?.code ?? "OK"}`, answer.millis);
      if (answer.body?.retryable !== true || attempt >= PATIENCE) {
        return answer;
      }
    }
    const waitMs = Math.min(2_000, answer?.retryAfterMs ?? 200);
    // Not all at the same moment again.
    await setTimeout(waitMs + randomInt(0, 250));
  }
}
