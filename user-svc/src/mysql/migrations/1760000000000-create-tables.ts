import type { MigrationInterface, QueryRunner } from "typeorm";

/** Accounts, sessions with every refresh token that they issued, and signing keys. */
export class CreateTables1760000000000 implements MigrationInterface {
  /** Creates the four tables; harmless when a run before stopped in the middle. */
  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      await runner.query(
        `${table} ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin`,
      );
    }
  }

  /** Migrations only ever add: a rollback of the code works on the newer schema. */
  async down(): Promise<void> {
    throw new Error("not reversible");
  }
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS user (
    id BINARY(16) NOT NULL,
    email VARCHAR(254) NOT NULL,
    email_key VARCHAR(254) NOT NULL,
    name VARCHAR(100) NOT NULL,
    role VARCHAR(16) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    request_key BINARY(32) NOT NULL,
    create_time DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY user_email_key (email_key)
  )`,
  `CREATE TABLE IF NOT EXISTS session (
    id BINARY(16) NOT NULL,
    user_id BINARY(16) NOT NULL,
    generation INT NOT NULL,
    create_time DATETIME(3) NOT NULL,
    expire_time DATETIME(3) NOT NULL,
    end_time DATETIME(3) NULL,
    end_reason VARCHAR(16) NULL,
    PRIMARY KEY (id),
    KEY session_expire_time (expire_time)
  )`,
  `CREATE TABLE IF NOT EXISTS refresh_token (
    token_hash BINARY(32) NOT NULL,
    session_id BINARY(16) NOT NULL,
    generation INT NOT NULL,
    rotated_by BINARY(32) NULL,
    create_time DATETIME(3) NOT NULL,
    expire_time DATETIME(3) NOT NULL,
    PRIMARY KEY (token_hash),
    KEY refresh_token_expire_time (expire_time)
  )`,
  `CREATE TABLE IF NOT EXISTS signing_key (
    sequence INT NOT NULL,
    key_id CHAR(36) NOT NULL,
    public_key BINARY(32) NOT NULL,
    sealed_private_key VARBINARY(255) NOT NULL,
    create_time DATETIME(3) NOT NULL,
    sign_from DATETIME(3) NOT NULL,
    PRIMARY KEY (sequence)
  )`,
];
