import type { MigrationInterface, QueryRunner } from "typeorm";

/** Changes of capacities: what was asked for, and what was answered. */
export class CapacityChanges1795219200000 implements MigrationInterface {
  readonly name = "CapacityChanges1795219200000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CAPACITY_CHANGE);
  }

  async down(): Promise<void> {
    throw new Error("migrations only add; roll back the program, not the schema");
  }
}

/**
 * One row a change, in the order they were made, never deleted: an organiser changes a capacity a
 * few times. The id follows from organiser and request id, so the row is the memory of the
 * request as well.
 */
const CAPACITY_CHANGE = `
CREATE TABLE IF NOT EXISTS capacity_change (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  id BINARY(16) NOT NULL,
  event_id BINARY(16) NOT NULL,
  position INT NOT NULL,
  capacity_before INT NOT NULL,
  capacity INT NOT NULL,
  available INT NOT NULL,
  held INT NOT NULL,
  sold INT NOT NULL,
  create_time DATETIME(3) NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY capacity_change_id (id),
  KEY capacity_change_type (event_id, position, seq)
) ENGINE = InnoDB`;
