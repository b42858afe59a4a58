import { arriving } from "../lib/arrivals.ts";
import { findEvents, getAvailability, getEvent } from "../lib/browse.ts";
import { noEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { getReservation, listReservations } from "../lib/own.ts";
import { anyEventId, anyPrefix, anyReservation, run } from "../lib/run.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

/** Reads from all over the tables, so that hardly any is in a cache: does size matter? */
export const options = sloOptions(["read", "own"], {
  readers: arriving({
    rate: run.settings.rate,
    per: "second",
    seconds: run.settings.seconds,
    staySeconds: 1,
  }),
});
export const handleSummary = leaveSummary;
export const setup = noEvents;

/** What is read, in turn: mostly events, and half as many reservations. */
const READS = [
  () => getEvent(anyEventId()),
  () => getReservation(anyReservation()),
  () => getEvent(anyEventId()),
  () => getAvailability(anyEventId()),
  () => listReservations(anyReservation()),
  () => findEvents(anyPrefix()),
];

export default flow(function read() {
  READS[Math.floor(Math.random() * READS.length)]?.();
});
