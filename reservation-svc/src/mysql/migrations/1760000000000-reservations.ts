import type { MigrationInterface, QueryRunner } from "typeorm";

/** Reservations, request keys, the outbox and its cursor. */
export class Reservations1760000000000 implements MigrationInterface {
  name = "Reservations1760000000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS reservation (
        seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        id BINARY(16) NOT NULL,
        event_id BINARY(16) NOT NULL,
        user_id BINARY(16) NOT NULL,
        state TINYINT UNSIGNED NOT NULL,
        items TEXT NOT NULL,
        total_minor BIGINT UNSIGNED NOT NULL,
        currency CHAR(3) NOT NULL,
        body_hash BINARY(16) NOT NULL,
        create_time DATETIME(3) NOT NULL,
        first_expire_time DATETIME(3) NOT NULL,
        expire_time DATETIME(3) NOT NULL,
        update_time DATETIME(3) NOT NULL,
        confirm_time DATETIME(3) NULL,
        payment_reference VARCHAR(255) NULL,
        extend_count TINYINT UNSIGNED NOT NULL DEFAULT 0,
        is_reacquired TINYINT UNSIGNED NOT NULL DEFAULT 0,
        due_time DATETIME(3) NULL,
        UNIQUE KEY reservation_id (id),
        KEY reservation_user (user_id, seq),
        KEY reservation_due (due_time)
      ) ENGINE=InnoDB`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS request_key (
        key_id BINARY(16) NOT NULL PRIMARY KEY,
        reservation_id BINARY(16) NOT NULL,
        body_hash BINARY(16) NOT NULL,
        answer TEXT NULL,
        create_time DATETIME(3) NOT NULL,
        KEY request_key_age (create_time)
      ) ENGINE=InnoDB`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS outbox (
        seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        reservation_id BINARY(16) NOT NULL,
        payload TEXT NOT NULL,
        create_time DATETIME(3) NOT NULL
      ) ENGINE=InnoDB`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS outbox_cursor (
        id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
        seq BIGINT UNSIGNED NOT NULL
      ) ENGINE=InnoDB`);
    await runner.query("INSERT IGNORE INTO outbox_cursor (id, seq) VALUES (1, 0)");
  }

  /** Schemas only grow: a rollback of the code works with the newer schema. */
  async down(): Promise<void> {}
}
