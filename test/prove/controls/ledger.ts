import type { Control, SourceChange } from "./control.ts";

/**
 * Rows are read without a lock, and written as they are thought to be: a check, and then a write.
 * Each write takes its time, as it would on a busy machine. The schema's CHECKs see nothing wrong:
 * of two such writes the last one stands, and it adds up.
 */
const NO_GUARD: SourceChange = {
  service: "inventory-svc",
  file: "mysql/stock-guard.ts",
  replace: [
    { from: 'lock: "FOR UPDATE"', to: 'lock: ""' },
    {
      from: `\${column} = \${column} + \${amountOf(`,
      to: `\${column} = \${amountOf(`,
    },
    {
      from: "({ delta }) => integerLiteral(delta[column] ?? 0)",
      to: "({ before, delta }) => integerLiteral(before[column] + (delta[column] ?? 0))",
    },
    { from: "ELSE 0 END", to: `ELSE \${column} END` },
    {
      from: `AND available >= \${integerLiteral(-available)}
        AND held >= \${integerLiteral(-held)} AND sold >= \${integerLiteral(-sold)}`,
      to: "AND SLEEP(0.1) = 0",
    },
  ],
};

/** The ledger takes every batch for the newest. */
const NO_FENCE: SourceChange = {
  service: "inventory-svc",
  file: "domain/decide.ts",
  replace: [{ from: "fencingToken > 0n && fencingToken < event.fence", to: "fencingToken < 0n" }],
};

/**
 * A holder is stopped between the last look at its lock and what it does under it. Who plays the
 * scene lets it go on, after the lock's time.
 */
const STOPPED_HOLDER: SourceChange = {
  service: "reservation-svc",
  file: "app/event-combiner.ts",
  replace: [
    {
      from: "if (!(await this.#allocate(lease))) {",
      to: `process.kill(process.pid, "SIGSTOP");
      if (!(await this.#allocate(lease))) {`,
    },
  ],
};

/** What the ledger of stock is without. */
export const LEDGER_CONTROLS: readonly Control[] = [
  {
    name: "ledger-guard-off",
    title: "The ledger reads stock without a lock and writes it without a condition",
    changes: [NO_GUARD],
    // Whoever finds the lock taken goes to the ledger without it, nearly at once.
    settings: { "reservation-svc": { LOCK_WAIT_MS: "10" } },
    expects: ["nothing is sold twice", "units add up to the capacity"],
  },
  {
    name: "lock-alone",
    title: "The lock is all there is: no guard, no fencing, and its holder is paused past its TTL",
    changes: [NO_GUARD, NO_FENCE, STOPPED_HOLDER],
    // Nobody goes without the lock, and nobody gives it up.
    settings: {
      "reservation-svc": { LOCK_TTL_MS: "600", LOCK_WAIT_MS: "10000", LOCK_HOLD_MS: "60000" },
    },
    expects: ["nothing is sold twice", "units add up to the capacity"],
  },
  {
    name: "sweeper-releases-twice",
    title: "The units of a hold that is over are given back twice",
    changes: [
      {
        service: "inventory-svc",
        file: "domain/settle.ts",
        replace: [
          {
            from: 'settlement.move(allocation, "RELEASED");',
            to: `settlement.move(allocation, "RELEASED");
      try {
        settlement.stock.move(allocation.lines, "held", "available");
      } catch {
        // Nobody else holds any.
      }`,
          },
        ],
      },
    ],
    expects: ["units add up to the capacity"],
  },
  {
    name: "limit-not-counted",
    title: "Each request is compared with the limit by itself",
    changes: [
      {
        service: "inventory-svc",
        file: "domain/decide.ts",
        replace: [
          {
            from: "const unitsAfter = units + (this.#unitsByUser.get(wish.userId) ?? 0);",
            to: "const unitsAfter = units;",
          },
        ],
      },
    ],
    expects: ["nobody has more than the limit"],
  },
  {
    name: "last-unit-refused",
    title: "The last unit counts as none",
    changes: [
      {
        service: "inventory-svc",
        file: "domain/stock-book.ts",
        replace: [{ from: "line.available < quantity", to: "line.available <= quantity" }],
      },
    ],
    expects: ["answers are honest", "nothing is left unsold while somebody wants it"],
  },
];
