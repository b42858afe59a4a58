import { EntitySchema } from "typeorm";

/** A row of `signing_key`. */
export interface SigningKeyRow {
  sequence: number;
  key_id: string;
  public_key: Buffer;
  sealed_private_key: Buffer;
  create_time: Date;
  sign_from: Date;
}

/** Signing keys. The primary key lets one of any number of makers have the next sequence. */
export const SigningKeyTable = new EntitySchema<SigningKeyRow>({
  name: "signing_key",
  columns: {
    sequence: { type: "int", primary: true },
    key_id: { type: "char", length: 36 },
    public_key: { type: "binary", length: 32 },
    sealed_private_key: { type: "varbinary", length: 255 },
    create_time: { type: "datetime", precision: 3 },
    sign_from: { type: "datetime", precision: 3 },
  },
});
