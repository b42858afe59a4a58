import type { Control } from "./control.ts";

/** What those are told wrongly who do not ask the ledger: consumers, people who wait, callers. */
export const NOTICE_CONTROLS: readonly Control[] = [
  {
    name: "outbox-skips",
    title: "The relay moves its cursor past moves that it did not publish",
    changes: [
      {
        service: "reservation-svc",
        file: "mysql/mysql-outbox.ts",
        replace: [
          {
            from: "publish(ready.map(toOutboxRow), lagMs)",
            to: "publish(ready.filter(({ seq }) => Number(seq) % 3 > 0).map(toOutboxRow), lagMs)",
          },
        ],
      },
    ],
    expects: ["the event stream replays to the same state"],
  },
  {
    name: "expiry-without-notice",
    title: "A hold that is over writes no row into the outbox",
    changes: [
      {
        service: "reservation-svc",
        file: "mysql/due-sql.ts",
        replace: [{ from: "if (expired.length > 0) {", to: "if (expired.length < 0) {" }],
      },
    ],
    expects: ["the event stream replays to the same state"],
  },
  {
    name: "admission-loses-people",
    title: "A step of admission takes somebody from the line and admits nobody for it",
    changes: [
      {
        service: "reservation-svc",
        file: "redis/redis-waiting-room-store.ts",
        replace: [
          {
            from: "const answer = (await this.#run(ADMIT,",
            to: `await this.#redis.zpopmin(\`tessera:room:{\${room.eventId}}:line\`);
    const answer = (await this.#run(ADMIT,`,
          },
        ],
      },
    ],
    expects: ["nobody is lost in the waiting room"],
  },
  {
    name: "not-told-when-to-come-again",
    title: "Answers that say “not now” do not say when",
    changes: [
      {
        service: "bff",
        file: "http/problem.ts",
        replace: [
          {
            from: 'headers.push("Retry-After", retryAfterOf(failure));',
            to: "retryAfterOf(failure);",
          },
        ],
      },
    ],
    expects: ["failures are told as failures"],
  },
];
