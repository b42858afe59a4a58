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
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter({ name: `tessera_waiting_room_${name}`, help, labelNames, registers });
  const joins = counter("joins_total", "Calls to join, by what became of them.", ["outcome"]);
  const polls = counter("polls_total", "Polls, by where the person stood.", ["outcome"]);
  const claims = counter("pass_claims_total", "Passes shown, by what came of it.", ["outcome"]);
  const lost = new Gauge({
    name: "tessera_waiting_room_store_lost",
    help: "1 while the store of the waiting rooms does not answer.",
    registers,
  });
  lost.set(0);
  return {
    rooms: {
      joined: (outcome) => joins.inc({ outcome }),
      polled: (outcome) => polls.inc({ outcome }),
    },
    admission: { ...stepMetrics(registry, onFailure), ...roundMetrics(registry) },
    onClaim: (outcome) => claims.inc({ outcome }),
    onBreaker: (isOpen) => lost.set(isOpen ? 1 : 0),
  };
}

function stepMetrics(
  registry: Registry,
  onFailure: (reason: unknown, eventId: string) => void,
): Pick<AdmissionObserver, "step" | "failed"> {
  const registers = [registry];
  const people = new Counter({
    name: "tessera_waiting_room_people_total",
    help: "People whom a step of admission let in, skipped, freed of a slot, or told that all is gone.",
    labelNames: ["step"],
    registers,
  });
  const duration = new Histogram({
    name: "tessera_waiting_room_step_seconds",
    help: "How long a step of admission took.",
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: "tessera_waiting_room_step_failures_total",
    help: "Rooms that a round of admission could not look after.",
    registers,
  });
  return {
    step: ({ admitted, skipped, lapsed, gone }, seconds) => {
      people.inc({ step: "admitted" }, admitted);
      people.inc({ step: "skipped" }, skipped);
      people.inc({ step: "lapsed" }, lapsed);
      people.inc({ step: "gone" }, gone);
      duration.observe(seconds);
    },
    failed: (reason, eventId) => {
      failures.inc();
      onFailure(reason, eventId);
    },
  };
}

function roundMetrics(registry: Registry): Pick<AdmissionObserver, "round"> {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `tessera_waiting_room_${name}`, help, registers: [registry] });
  const rooms = gauge("rooms", "Rooms that anybody is in. Every replica tells all of them.");
  const waiting = gauge("waiting", "People who wait. Every replica tells all of them.");
  const active = gauge("active", "People who may buy now. Every replica tells all of them.");
  const stalled = gauge(
    "stalled_seconds",
    "For how long nobody was let in to some room although there were people, slots and units, or it could not be looked after.",
  );
  return {
    round: (sums) => {
      rooms.set(sums.rooms);
      waiting.set(sums.waiting);
      active.set(sums.active);
      stalled.set(sums.stalledMs / 1000);
    },
  };
}
