import type { MigrationInterface, QueryRunner } from "typeorm";

/** Changes of events: what was changed, and what was answered. */
export class EventChanges1795996800000 implements MigrationInterface {
  readonly name = "EventChanges1795996800000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EVENT_CHANGE);
  }

  async down(): Promise<void> {
    throw new Error("migrations only add; roll back the program, not the schema");
  }
}

/**
 * One row a change, in the order they were made, never deleted: an organiser changes a sale a few
 * times. The id follows from organiser and request id, so the row is the memory of the request as
 * well. `fields` is JSON of what changed, {"salesOpenTime": {"before": …, "after": …}}; `answer`
 * of all that the event was afterwards. Not of type JSON, which MySQL and MariaDB return differently.
 */
const EVENT_CHANGE = `
CREATE TABLE IF NOT EXISTS event_change (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  id BINARY(16) NOT NULL,
  event_id BINARY(16) NOT NULL,
  request_hash BINARY(16) NOT NULL,
  fields TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  answer TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  create_time DATETIME(3) NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY event_change_id (id),
  KEY event_change_event (event_id, seq)
) ENGINE = InnoDB`;
