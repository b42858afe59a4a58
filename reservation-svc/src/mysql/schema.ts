import { Reservations1760000000000 } from "./migrations/1760000000000-reservations.ts";
import {
  OutboxCursorTable,
  OutboxTable,
  RequestKeyTable,
  ReservationTable,
} from "./reservation-table.ts";

/** The service's tables, and how they came to be. */
export const SCHEMA = {
  entities: [ReservationTable, RequestKeyTable, OutboxTable, OutboxCursorTable],
  migrations: [Reservations1760000000000],
};
