import type { Control } from "./control.ts";

/** What requests for reservations are without. */
export const REQUEST_CONTROLS: readonly Control[] = [
  {
    name: "idempotency-off",
    title: "Each attempt to reserve is a request of its own, whatever its key",
    changes: [
      {
        service: "reservation-svc",
        file: "app/create-reservation.ts",
        replace: [
          {
            from: 'uuidOf("CreateReservation", userId, requestId)',
            to: 'uuidOf("CreateReservation", userId, requestId, String(performance.now()))',
          },
        ],
      },
    ],
    expects: ["one key has one effect"],
  },
  {
    name: "changes-forget-their-keys",
    title: "Each attempt to extend, confirm or cancel is a request of its own",
    changes: [
      {
        service: "reservation-svc",
        file: "app/request-key.ts",
        replace: [
          {
            from: "uuidOf(operation, userId, requestId)",
            to: "uuidOf(operation, userId, requestId, String(performance.now()))",
          },
        ],
      },
    ],
    expects: ["one key has one effect"],
  },
  {
    name: "acknowledges-before-writing",
    title: "A reservation is acknowledged before it is written, and the process dies",
    changes: [
      {
        service: "reservation-svc",
        file: "app/create-reservation.ts",
        replace: [
          {
            from: "await this.#writer.submit({ reservation, bodyHash: request.bodyHash });",
            to: `setTimeout(() => {
        this.#writer.submit({ reservation, bodyHash: request.bodyHash }).catch(() => undefined);
      }, 5_000);`,
          },
        ],
      },
    ],
    expects: [
      "acknowledged reservations exist, and belong to their buyer",
      "every unknown outcome resolves to exactly one",
    ],
  },
  {
    name: "strangers-may-cancel",
    title: "Whoever knows a reservation's id can cancel it",
    changes: [
      {
        service: "reservation-svc",
        file: "mysql/change-sql.ts",
        replace: [
          {
            from: "reservation === undefined || reservation.userId !== wish.userId",
            to: "reservation === undefined",
          },
        ],
      },
    ],
    expects: ["acknowledged reservations exist, and belong to their buyer"],
  },
  {
    name: "expired-may-be-cancelled",
    title: "A hold that is over can be cancelled",
    changes: [
      {
        service: "reservation-svc",
        file: "domain/reservation.ts",
        replace: [
          { from: 'expired: ["confirming"],', to: 'expired: ["confirming", "cancelled"],' },
        ],
      },
    ],
    expects: ["no state is moved against the rules"],
  },
  {
    name: "extended-without-end",
    title: "A hold can be extended as often as its buyer likes",
    changes: [
      {
        service: "reservation-svc",
        file: "domain/reservation.ts",
        replace: [{ from: "EXTENDS_MAX = 3;", to: "EXTENDS_MAX = 300;" }],
      },
    ],
    expects: ["no state is moved against the rules"],
  },
  {
    name: "sold-out-for-ever",
    title: "What was sold out once is remembered as sold out, whatever comes back",
    changes: [
      {
        service: "reservation-svc",
        file: "app/availability-cache.ts",
        replace: [
          {
            from: "known.levels.version > levels.version) {",
            to: "[...known.levels.available.values()].includes(0)) {",
          },
          { from: "this.#now() - known.heardTime > this.#trustMs", to: "this.#trustMs < 0" },
        ],
      },
    ],
    expects: ["nothing is left unsold while somebody wants it"],
  },
];
