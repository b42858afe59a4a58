import { randomUUID } from "node:crypto";
import { useSystem } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { createEvent, newBuyers, type SaleEvent, type Stock } from "./market.ts";
import { call } from "./rest.ts";
import { TEST_ENV } from "./test-env.ts";
import { metricOf } from "./watch.ts";

/** What is promised: nobody is shown anything older, in milliseconds. */
const OLDEST_MS = 1_000;

const { EVENTS_MAX_AGE_MS: _events, AVAILABILITY_MAX_AGE_MS: _availability, ...BFF } = TEST_ENV.bff;

/** One look at something, and when it was asked for. */
interface Look<T> {
  sentTime: number;
  status: number;
  body: T;
}

/** Somebody who looks at one address again and again, until told to stop. */
class Reader<T> {
  readonly looks: Look<T>[] = [];
  readonly #reading: Promise<void>;
  #isOver = false;

  constructor(url: string) {
    this.#reading = this.#read(url);
  }

  /** The looks that were asked for after a time. */
  after(time: number): Look<T>[] {
    return this.looks.filter(({ sentTime }) => sentTime > time);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#reading;
  }

  async #read(url: string): Promise<void> {
    while (!this.#isOver) {
      const sentTime = performance.now();
      const { status, body } = await call<T>(url);
      this.looks.push({ sentTime, status, body });
    }
  }
}

describe("what everybody reads", () => {
  const system = useSystem({ env: { ...TEST_ENV, bff: BFF }, replicas: { bff: 2 } });
  const pathOf = ({ id }: SaleEvent) => `/v1/events/${id}`;

  /** Reads paths from every replica while something happens, and for long enough after it. */
  async function readDuring<T>(
    paths: readonly string[],
    happens: () => Promise<number>,
  ): Promise<{ late: Look<T>[]; early: Look<T>[] }> {
    const readers = paths.flatMap((path) =>
      [0, 1, 0, 1].map((replica) => new Reader<T>(`${system.bffUrl(replica)}${path}`)),
    );
    try {
      await until("all have looked", () => readers.every(({ looks }) => looks.length >= 3));
      const endTime = await happens();
      const lateTime = endTime + OLDEST_MS;
      await until("all have looked again", () =>
        readers.every((reader) => reader.after(lateTime).length >= 10),
      );
      const late = readers.flatMap((reader) => reader.after(lateTime));
      const early = readers.flatMap(({ looks }) => looks.slice(0, 3));
      return { late, early };
    } finally {
      await Promise.all(readers.map((reader) => reader.stop()));
    }
  }

  it("says within a second that the last unit went, to everybody, for good", async () => {
    const event = await createEvent(system.bffUrl(), [10]);
    const buyers = await newBuyers(system.bffUrl(), 10);
    const availabilityOf = ({ body }: Look<{ ticketTypes: Stock[] }>) =>
      body.ticketTypes.map(({ available, held }) => [available, held]);
    const { early, late } = await readDuring<{ ticketTypes: Stock[] }>(
      [`${pathOf(event)}/availability`],
      async () => {
        for (const buyer of buyers) {
          expect((await buyer.reserve(event)).status).to.equal(201);
        }
        return performance.now();
      },
    );
    expect(new Set(early.map((look) => JSON.stringify(availabilityOf(look))))).to.include(
      "[[10,0]]",
    );
    for (const look of late) {
      expect(availabilityOf(look)).to.deep.equal([[0, 10]]);
    }
    for (const bff of system.processes.bff) {
      const source = (name: string) =>
        metricOf(bff, "tessera_read_cache_answers_total", 'kind="availability"', `"${name}"`);
      expect(await source("fresh"), "most came from memory").to.be.greaterThan(
        await source("loaded"),
      );
    }
  });

  it("lists a new event within a second", async () => {
    const name = `Orfeo ${randomUUID()}`;
    const paths = [`/v1/events?q=${encodeURIComponent(name)}`, "/v1/events?sort=-createdAt"];
    let created = "";
    const idsOf = ({ body }: Look<{ items: { id: string }[] }>) => body.items.map(({ id }) => id);
    const { early, late } = await readDuring<{ items: { id: string }[] }>(paths, async () => {
      created = (await createEvent(system.bffUrl(), [1], { name })).id;
      return performance.now();
    });
    for (const look of early) {
      expect(idsOf(look)).not.to.include(created);
    }
    for (const look of late) {
      expect(idsOf(look)).to.include(created);
    }
  });

  it("shows details, but not what is left, while inventory-svc is away", async () => {
    const event = await createEvent(system.bffUrl(), [1]);
    const details = () => call(`${system.bffUrl()}${pathOf(event)}`);
    const left = () => call(`${system.bffUrl()}${pathOf(event)}/availability`);
    const known = await details();
    expect([known.status, (await left()).status]).to.deep.equal([200, 200]);
    const [inventory] = system.processes["inventory-svc"];
    await inventory?.stop();
    try {
      const refused = await until("nobody knows what is left", async () => {
        const answer = await left();
        return answer.status !== 200 && answer;
      });
      expect([refused.status, refused.body.code]).to.deep.equal([503, "DEPENDENCY_UNAVAILABLE"]);
      const shown = await details();
      expect([shown.status, shown.text]).to.deep.equal([200, known.text]);
    } finally {
      await inventory?.start();
    }
    await until("it is known again", async () => (await left()).status === 200);
  });
});
