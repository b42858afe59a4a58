import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Events, their stock, and the allocations taken from it.
 *
 * MySQL commits each DDL statement by itself: IF NOT EXISTS lets a run that died in the middle
 * be repeated.
 */
export class CreateLedger1760000000000 implements MigrationInterface {
  readonly name = "CreateLedger1760000000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EVENT);
    await runner.query(STOCK);
    await runner.query(ALLOCATION);
  }

  async down(): Promise<void> {
    throw new Error("migrations only add; roll back the program, not the schema");
  }
}

/**
 * `seq` keeps rows in the order they came, whatever their ids; every list order has an index
 * that ends in it. `fence` and `stock_version` are the ledger's.
 */
const EVENT = `
CREATE TABLE IF NOT EXISTS event (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  id BINARY(16) NOT NULL,
  organiser_id BINARY(16) NOT NULL,
  request_hash BINARY(16) NOT NULL,
  name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
  venue VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  start_time DATETIME(3) NOT NULL,
  sales_open_time DATETIME(3) NOT NULL,
  sales_close_time DATETIME(3) NOT NULL,
  hold_seconds INT NOT NULL,
  max_per_user INT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  admit_per_minute INT NULL,
  max_active INT NULL,
  pass_seconds INT NULL,
  is_open_on_store_loss TINYINT NULL,
  fence BIGINT NOT NULL DEFAULT 0,
  stock_version BIGINT NOT NULL DEFAULT 0,
  create_time DATETIME(3) NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY event_id (id),
  KEY event_start (start_time, seq),
  KEY event_name (name, seq),
  KEY event_created (create_time, seq)
) ENGINE = InnoDB`;

/** One row a ticket type; an event's rows lie together, in its order. */
const STOCK = `
CREATE TABLE IF NOT EXISTS stock (
  event_id BINARY(16) NOT NULL,
  position INT NOT NULL,
  id BINARY(16) NOT NULL,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  price_minor BIGINT NOT NULL,
  capacity INT NOT NULL,
  available INT NOT NULL,
  held INT NOT NULL DEFAULT 0,
  sold INT NOT NULL DEFAULT 0,
  PRIMARY KEY (event_id, position),
  UNIQUE KEY stock_id (id),
  CONSTRAINT stock_available CHECK (available >= 0),
  CONSTRAINT stock_held CHECK (held >= 0),
  CONSTRAINT stock_sold CHECK (sold >= 0),
  CONSTRAINT stock_sum CHECK (available + held + sold = capacity)
) ENGINE = InnoDB`;

/**
 * `state` is 1 held, 2 committed, 3 released, 4 voided; `content` is position:quantity, comma-separated, by
 * position. `allocation_user` answers a user's units without touching the rows,
 * `allocation_lapse` finds what was never settled.
 */
const ALLOCATION = `
CREATE TABLE IF NOT EXISTS allocation (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  id BINARY(16) NOT NULL,
  event_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  state TINYINT NOT NULL,
  reacquired TINYINT NOT NULL DEFAULT 0,
  content VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  units INT NOT NULL,
  total_minor BIGINT NOT NULL,
  create_time DATETIME(3) NOT NULL,
  first_expire_time DATETIME(3) NOT NULL,
  expire_time DATETIME(3) NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY allocation_id (id),
  KEY allocation_user (event_id, user_id, state, units),
  KEY allocation_lapse (state, expire_time)
) ENGINE = InnoDB`;
