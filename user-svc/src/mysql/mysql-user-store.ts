import { withConnection } from "@tessera/service-kit/mysql";
import { isDuplicate } from "@tessera/service-kit/mysql-failure";
import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Pool } from "mysql2/promise";
import type { UserStore } from "../app/user-store.ts";
import type { Account, Role, User } from "../domain/user.ts";
import { changeRows, selectRows } from "./statements.ts";
import type { UserRow } from "./user-table.ts";

/** Accounts in MySQL; the unique key on `email_key` is the last word on an address. */
export class MysqlUserStore implements UserStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get(userId: string): Promise<User | undefined> {
    return withConnection(this.#pool, async (connection) => {
      const [row] = await selectRows<Omit<UserRow, "password_hash" | "request_key">>(
        connection,
        "SELECT id, email, name, role, create_time FROM user WHERE id = ?",
        [uuidToBytes(userId)],
      );
      return row === undefined ? undefined : toUser(row);
    });
  }

  findByEmailKey(emailKey: string): Promise<Account | undefined> {
    return withConnection(this.#pool, async (connection) => {
      const [row] = await selectRows<UserRow>(
        connection,
        `SELECT id, email, name, role, create_time, password_hash, request_key
         FROM user WHERE email_key = ?`,
        [emailKey],
      );
      return row === undefined
        ? undefined
        : { ...toUser(row), passwordHash: row.password_hash, requestKey: row.request_key };
    });
  }

  insert(account: Account, emailKey: string): Promise<boolean> {
    const { id, email, name, role, passwordHash, requestKey, createTime } = account;
    return withConnection(this.#pool, async (connection) => {
      try {
        await changeRows(
          connection,
          `INSERT INTO user
             (id, email, email_key, name, role, password_hash, request_key, create_time)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          [uuidToBytes(id), email, emailKey, name, role, passwordHash, requestKey, createTime],
        );
        return true;
      } catch (reason) {
        if (isDuplicate(reason)) {
          return false;
        }
        throw reason;
      }
    });
  }

  async replaceHash(change: { userId: string; from: string; to: string }): Promise<void> {
    await withConnection(this.#pool, (connection) =>
      changeRows(
        connection,
        "UPDATE user SET password_hash = ? WHERE id = ? AND password_hash = ?",
        [change.to, uuidToBytes(change.userId), change.from],
      ),
    );
  }
}

function toUser(row: Pick<UserRow, "id" | "email" | "name" | "role" | "create_time">): User {
  const { email, name } = row;
  return {
    id: uuidFromBytes(row.id),
    email,
    name,
    role: roleOf(row.role),
    createTime: row.create_time,
  };
}

/** The role that a column holds. An unknown one, of a newer release, may do the least. */
export function roleOf(text: string): Role {
  return text === "organiser" ? "organiser" : "customer";
}
