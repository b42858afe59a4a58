import type { MigrationInterface, QueryRunner } from "typeorm";

/** The seeds of waiting rooms' draws: a row an event, never deleted. */
export class DrawSeeds1796040000000 implements MigrationInterface {
  name = "DrawSeeds1796040000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS draw_seed (
        event_id BINARY(16) NOT NULL PRIMARY KEY,
        seed BINARY(32) NOT NULL,
        create_time DATETIME(3) NOT NULL
      ) ENGINE=InnoDB`);
  }

  /** Schemas only grow: a rollback of the code works with the newer schema. */
  async down(): Promise<void> {}
}
