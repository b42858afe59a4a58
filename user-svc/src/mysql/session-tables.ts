import { EntitySchema } from "typeorm";

/** A row of `session`. */
export interface SessionRow {
  id: Buffer;
  user_id: Buffer;
  generation: number;
  create_time: Date;
  expire_time: Date;
  end_time: Date | null;
  end_reason: string | null;
}

/** Sessions; `generation` is that of the one refresh token which may be exchanged. */
export const SessionTable = new EntitySchema<SessionRow>({
  name: "session",
  columns: {
    id: { type: "binary", length: 16, primary: true },
    user_id: { type: "binary", length: 16 },
    generation: { type: "int" },
    create_time: { type: "datetime", precision: 3 },
    expire_time: { type: "datetime", precision: 3 },
    end_time: { type: "datetime", precision: 3, nullable: true },
    end_reason: { type: "varchar", length: 16, nullable: true },
  },
  indices: [{ name: "session_expire_time", columns: ["expire_time"] }],
});

/** A row of `refresh_token`. */
export interface RefreshTokenRow {
  token_hash: Buffer;
  session_id: Buffer;
  generation: number;
  rotated_by: Buffer | null;
  create_time: Date;
  expire_time: Date;
}

/** Every refresh token that was issued and has not expired, so that each replay is recognised. */
export const RefreshTokenTable = new EntitySchema<RefreshTokenRow>({
  name: "refresh_token",
  columns: {
    token_hash: { type: "binary", length: 32, primary: true },
    session_id: { type: "binary", length: 16 },
    generation: { type: "int" },
    rotated_by: { type: "binary", length: 32, nullable: true },
    create_time: { type: "datetime", precision: 3 },
    expire_time: { type: "datetime", precision: 3 },
  },
  indices: [{ name: "refresh_token_expire_time", columns: ["expire_time"] }],
});
