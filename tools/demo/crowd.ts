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
    path: "/v1/reservations",
    accessToken: user.accessToken,
    idempotencyKey: `demo-${event.id}-${number}`,
    body: { eventId: event.id, items: [{ ticketTypeId: type?.id, quantity }] },
  };
  const onFirst = () => outcome.first.add("first", performance.now() - startTime);
  const id = await reserve(client, outcome, { ...wish, onFirst });
  if (id === undefined) {
    return;
  }
  const intention = INTENTIONS[number % INTENTIONS.length];
  const post = { accessToken: user.accessToken, idempotencyKey: `${intention}-${id}` };
  if (intention === "confirm") {
    const body = { paymentReference: `demo-${number}` };
    const path = `/v1/reservations/${id}/confirm`;
    const answer = await ask(client, outcome.confirm, { ...post, path, body });
    expect(answer, 200);
    outcome.confirmed.add(id);
    outcome.unitsSold += quantity;
  } else if (intention === "cancel") {
    const path = `/v1/reservations/${id}/cancel`;
    const answer = await ask(client, outcome.cancel, { ...post, path, body: {} });
    expect(answer, 200);
    outcome.cancelled.add(id);
  } else {
    outcome.letGo.add(id);
  }
}

/** The reservation's id; undefined when it stays sold out. */
async function reserve(
  client: RestClient,
  outcome: Outcome,
  { onFirst, ...post }: BuyerPost & { onFirst: () => void },
): Promise<string | undefined> {
  for (let attempt = 0; attempt <= HOPE; attempt += 1) {
    const answer = await ask(client, outcome.reserve, post);
    if (attempt === 0) {
      onFirst();
    }
    if (answer.status === 201) {
      return String(answer.body?.id);
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
    const answer = await client.post(post).catch((reason: unknown) => {
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

function expect(answer: Answer, status: number): void {
  if (answer.status !== status) {
    throw new Error(`unexpected answer ${answer.status} ${answer.body?.code}`);
  }
}
