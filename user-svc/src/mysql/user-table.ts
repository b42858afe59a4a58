import { EntitySchema } from "typeorm";

/** A row of `user`. */
export interface UserRow {
  id: Buffer;
  email: string;
  email_key: string;
  name: string;
  role: string;
  password_hash: string;
  request_key: Buffer;
  create_time: Date;
}

/** Accounts. `email_key` is the unique form of the address. */
export const UserTable = new EntitySchema<UserRow>({
  name: "user",
  columns: {
    id: { type: "binary", length: 16, primary: true },
    email: { type: "varchar", length: 254 },
    email_key: { type: "varchar", length: 254 },
    name: { type: "varchar", length: 100 },
    role: { type: "varchar", length: 16 },
    password_hash: { type: "varchar", length: 255 },
    request_key: { type: "binary", length: 32 },
    create_time: { type: "datetime", precision: 3 },
  },
  indices: [{ name: "user_email_key", columns: ["email_key"], unique: true }],
});
