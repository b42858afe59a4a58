import type { MigrationInterface, QueryRunner } from "typeorm";

/** The seeds of draws that everybody may know: by none of them is anybody drawn again. */
export class ToldSeeds1796083200000 implements MigrationInterface {
  name = "ToldSeeds1796083200000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS told_seed (
        event_id BINARY(16) NOT NULL,
        seed BINARY(32) NOT NULL,
        create_time DATETIME(3) NOT NULL,
        PRIMARY KEY (event_id, seed)
      ) ENGINE=InnoDB`);
  }

  /** Schemas only grow: a rollback of the code works with the newer schema. */
  async down(): Promise<void> {}
}
