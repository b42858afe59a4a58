import { LATENCY_BUCKETS } from "@tessera/service-kit/metrics";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { AdmissionObserver } from "./app/admit-people.ts";
import type { RoomObserver } from "./app/waiting-rooms.ts";

/** What reservation-svc counts about its waiting rooms: sums over rooms, whose number is open. */
export interface WaitingRoomMetrics {
  rooms: RoomObserver;
  admission: AdmissionObserver;
  onClaim: (outcome: string) => void;
  onBreaker: (isOpen: boolean) => void;
}

/** Declares the waiting rooms' metrics. */
export function waitingRoomMetrics(
  registry: Registry,
  onFailure: (reason: unknown, eventId: string) => void,
): WaitingRoomMetrics {
  const named = (name: string, help: string) => ({
    ...{ name: `tessera_waiting_room_${name}`, help, registers: [registry] },
  });
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter({ ...named(name, help), labelNames });
  const gauge = (name: string, help: string) => new Gauge(named(name, help));
  const joins = counter("joins_total", "Calls to join, by what became of them.", ["outcome"]);
  const polls = counter("polls_total", "Polls, by where the person stood.", ["outcome"]);
  const claims = counter("pass_claims_total", "Passes shown, by what came of it.", ["outcome"]);
  const lost = gauge("store_lost", "1 while the store of the waiting rooms does not answer.");
  const people = counter(
    "people_total",
    "People whom a step of admission let in, skipped, freed of a slot, or told that all is gone.",
    ["step"],
  );
  const duration = new Histogram({
    ...named("step_seconds", "How long a step of admission took."),
    buckets: LATENCY_BUCKETS,
  });
  const failures = counter(
    "step_failures_total",
    "Rooms that a round of admission could not look after.",
  );
  const rooms = gauge("rooms", "Rooms that anybody is in. Every replica tells all of them.");
  const waiting = gauge("waiting", "People who wait. Every replica tells all of them.");
  const active = gauge("active", "People who may buy now. Every replica tells all of them.");
  const stalled = gauge(
    "stalled_seconds",
    "For how long nobody was let in to some room although there were people, slots and units, or it could not be looked after.",
  );
  return {
    rooms: {
      joined: (outcome) => joins.inc({ outcome }),
      polled: (outcome) => polls.inc({ outcome }),
    },
    admission: {
      step: ({ admitted, skipped, lapsed, gone }, seconds) => {
        for (const [step, count] of Object.entries({ admitted, skipped, lapsed, gone })) {
          people.inc({ step }, count);
        }
        duration.observe(seconds);
      },
      failed: (reason, eventId) => {
        failures.inc();
        onFailure(reason, eventId);
      },
      round: (sums) => {
        rooms.set(sums.rooms);
        waiting.set(sums.waiting);
        active.set(sums.active);
        stalled.set(sums.stalledMs / 1000);
      },
    },
    onClaim: (outcome) => claims.inc({ outcome }),
    onBreaker: (isOpen) => lost.set(isOpen ? 1 : 0),
  };
}
