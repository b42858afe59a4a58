import { randomUUID } from "node:crypto";
import type { Person } from "../buyers/person.ts";
import type { EventOnSale } from "../event-on-sale.ts";
import type { Operation } from "../history.ts";
import type { Stage } from "./stage.ts";

/** What people do while a control is in force, so that its fault shows within seconds. */
export type Scene = (stage: Stage) => Promise<void>;

/** Rivals for a few units come at once. */
const rush: Scene = async (stage) => {
  const one = async () => {
    const event = await stage.open({ capacity: 6, maxPerUser: 4 });
    const reserved = await all(40, (number) => stage.reserve(stage.person(number), event));
    await all(40, (number) => stage.move(stage.person(number), reserved[number], "confirm"));
  };
  await Promise.all([one(), one(), one()]);
};

/**
 * Everybody buys until all is gone. Holders of the lock that were stopped go on together, later
 * than the lock lives: the one that had it, and the one that got it since.
 */
const stoppedHolders: Scene = async (stage) => {
  const event = await stage.open({ capacity: 60 });
  const crowd = all(24, async (number) => {
    const person = stage.person(number);
    const held: Operation[] = [];
    while (held.at(-1)?.outcome !== "refused") {
      held.push(await stage.reserve(person, event));
    }
    await Promise.all(held.map((one) => stage.move(person, one, "confirm")));
  });
  let isOver = false;
  const waking = (async () => {
    while (!isOver) {
      await stage.pass(900);
      for (const { process } of stage.world.replicas("reservation-svc")) {
        process.signal("SIGCONT");
      }
    }
  })();
  try {
    await crowd;
  } finally {
    isOver = true;
    await waking;
  }
};

/** Holds lapse while others still hold theirs. */
const lapses: Scene = async (stage) => {
  const event = await stage.open({ capacity: 12, maxPerUser: 2, holdSeconds: 2 });
  await all(6, async (number) => {
    await stage.pass(number * 300);
    const reserved = await stage.reserve(stage.person(number), event, { quantity: 2 });
    await stage.lapsed(stage.person(number), reserved);
  });
};

/** Somebody wants more than is allowed, piece by piece. */
const greed: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50, maxPerUser: 2 });
  await inTurn(5, () => buy(stage, stage.person(0), event));
};

/** Requests to reserve are repeated under their keys. */
const repeats: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50, holdSeconds: 1 });
  await all(4, async (number) => {
    const key = randomUUID();
    await inTurn(2, () => stage.reserve(stage.person(number), event, { key }));
  });
};

/** Requests to change a reservation are repeated under their keys. */
const repeatedChanges: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50 });
  await all(4, async (number) => {
    const person = stage.person(number);
    const reserved = await stage.reserve(person, event);
    const key = randomUUID();
    await inTurn(2, () => stage.move(person, reserved, "extend", { key }));
    await stage.move(person, reserved, "cancel");
  });
};

/** People are told that they hold something, and then every replica dies. */
const crash: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50 });
  const held = await all(10, (number) => stage.reserve(stage.person(number), event));
  const replicas = stage.world.replicas("reservation-svc");
  await Promise.all(replicas.map(({ process }) => process.kill()));
  await Promise.all(replicas.map(({ process }) => process.start()));
  await all(10, (number) =>
    stage.move(stage.person(number), held[number], "confirm", { isPatient: true }),
  );
};

/** Somebody cancels what is another's. */
const strangers: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50 });
  await all(4, async (number) => {
    const reserved = await stage.reserve(stage.person(number), event);
    await stage.move(stage.person(number + 1), reserved, "cancel");
    await stage.move(stage.person(number), reserved, "confirm");
  });
};

/** Holds are cancelled when they are over. */
const lateCancels: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50, holdSeconds: 1 });
  await all(4, async (number) => {
    const person = stage.person(number);
    const reserved = await stage.reserve(person, event);
    await stage.lapsed(person, reserved);
    await stage.move(person, reserved, "cancel");
  });
};

/** Somebody renews a hold again and again. */
const extensions: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50 });
  const reserved = await stage.reserve(stage.person(0), event);
  await inTurn(6, () => stage.move(stage.person(0), reserved, "extend"));
  await stage.move(stage.person(0), reserved, "confirm");
};

/** The last unit is given back, and others want it. */
const secondChance: Scene = async (stage) => {
  const event = await stage.open({ capacity: 1 });
  const reserved = await stage.reserve(stage.person(0), event);
  // Each replica hears that all is gone.
  await inTurn(6, (number) => stage.reserve(stage.person(number + 1), event));
  await stage.move(stage.person(0), reserved, "cancel");
  await stage.pass(2_000);
  stage.aloneFromNow();
  await inTurn(6, (number) => buy(stage, stage.person(number + 1), event));
};

/** Somebody wants the only unit. */
const lastUnit: Scene = async (stage) => {
  const event = await stage.open({ capacity: 1 });
  stage.aloneFromNow();
  await buy(stage, stage.person(0), event);
};

/** People buy, and some let their holds lapse. */
const sales: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50, holdSeconds: 1 });
  await all(12, async (number) => {
    const person = stage.person(number);
    const reserved = await stage.reserve(person, event);
    await (number % 2 === 0
      ? stage.move(person, reserved, "confirm")
      : stage.lapsed(person, reserved));
  });
};

/** People come one after the other, and wait for a place in the shop. */
const line: Scene = async (stage) => {
  const waitingRoom = { admitPerMinute: 600, maxActive: 10, passSeconds: 10 };
  const event = await stage.open({ capacity: 50, waitingRoom });
  const eventId = event.id;
  const joined: Operation[] = [];
  await inTurn(14, async (number) => {
    joined.push(await stage.desk.insist(stage.person(number), { kind: "join", eventId }));
  });
  await all(14, async (number) => {
    const person = stage.person(number);
    let heard = joined[number];
    for (let polls = 0; heard?.told?.place?.state === "WAITING" && polls < 4; polls += 1) {
      await stage.pass(heard.told.place.pollAfterMs ?? 1_000);
      heard = await stage.desk.insist(person, { kind: "poll", eventId });
    }
    const pass = heard?.told?.place?.pass;
    return pass === undefined ? undefined : await buy(stage, person, event, pass);
  });
};

/** The ledger is gone for a moment. */
const outage: Scene = async (stage) => {
  const event = await stage.open({ capacity: 50 });
  const replicas = stage.world.replicas("inventory-svc");
  await Promise.all(replicas.map(({ process }) => process.kill()));
  const buying = all(6, (number) => buy(stage, stage.person(number), event));
  await stage.pass(300);
  await Promise.all(replicas.map(({ process }) => process.start()));
  await buying;
};

/** Those that break something themselves; they are played alone. */
export const BREAKING: ReadonlySet<Scene> = new Set([crash, outage]);

/** By the controls' names. */
export const SCENES: Readonly<Record<string, Scene>> = {
  "ledger-guard-off": rush,
  "lock-alone": stoppedHolders,
  "sweeper-releases-twice": lapses,
  "limit-not-counted": greed,
  "idempotency-off": repeats,
  "changes-forget-their-keys": repeatedChanges,
  "acknowledges-before-writing": crash,
  "strangers-may-cancel": strangers,
  "expired-may-be-cancelled": lateCancels,
  "extended-without-end": extensions,
  "sold-out-for-ever": secondChance,
  "last-unit-refused": lastUnit,
  "outbox-skips": sales,
  "expiry-without-notice": sales,
  "admission-loses-people": line,
  "not-told-when-to-come-again": outage,
};

async function buy(
  stage: Stage,
  person: Person,
  event: EventOnSale,
  pass = "",
): Promise<Operation> {
  const reserved = await stage.reserve(person, event, { pass });
  await stage.move(person, reserved, "confirm");
  return reserved;
}

/** So many at once. */
function all<T>(count: number, one: (number: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_unused, number) => one(number)));
}

/** So many, one after the other. */
async function inTurn(count: number, one: (number: number) => Promise<unknown>): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    await one(number);
  }
}
