import { Reservations1760000000000 } from "./migrations/1760000000000-reservations.ts";
import { DrawSeeds1796040000000 } from "./migrations/1796040000000-draw-seeds.ts";
import { ToldSeeds1796083200000 } from "./migrations/1796083200000-told-seeds.ts";
import {
  DrawSeedTable,
  OutboxCursorTable,
  OutboxTable,
  RequestKeyTable,
  ReservationTable,
  ToldSeedTable,
} from "./reservation-table.ts";

/** The service's tables, and how they came to be. */
export const SCHEMA = {
  entities: [
    ReservationTable,
    RequestKeyTable,
    OutboxTable,
    OutboxCursorTable,
    DrawSeedTable,
    ToldSeedTable,
  ],
  migrations: [Reservations1760000000000, DrawSeeds1796040000000, ToldSeeds1796083200000],
};
