import { administer } from "./administer.ts";

/** The schemas, each owned by the service of the same name. */
export const SCHEMAS = ["inventory", "reservation", "user"] as const;

/** One of the schemas. */
export type SchemaName = (typeof SCHEMAS)[number];

/** One text for each schema. */
export type PerSchema = Readonly<Record<SchemaName, string>>;

/**
 * Makes the schemas, and for each an account that may do anything in it and nothing elsewhere;
 * what exists is kept. Returns the URL of each schema, with its account.
 *
 * `prefix` goes before every name, so that several systems can share a server.
 */
export async function createSchemas(
  adminUrl: string,
  { prefix = "", passwords }: { prefix?: string; passwords: PerSchema },
): Promise<PerSchema> {
  await administer(
    adminUrl,
    ...SCHEMAS.flatMap((schema) => {
      const account = accountOf(prefix, schema);
      return [
        `CREATE DATABASE IF NOT EXISTS \`${prefix}${schema}\`
           CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
        `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${passwords[schema]}'`,
        `ALTER USER ${account} IDENTIFIED BY '${passwords[schema]}'`,
        `GRANT ALL PRIVILEGES ON \`${prefix}${schema}\`.* TO ${account}`,
      ];
    }),
  );
  return perSchema((schema) => {
    const url = new URL(adminUrl);
    url.username = `${prefix}tessera_${schema}`;
    url.password = passwords[schema];
    url.pathname = `/${prefix}${schema}`;
    return url.href;
  });
}

/** Removes what {@link createSchemas} made, with all its data. */
export async function dropSchemas(adminUrl: string, prefix: string): Promise<void> {
  await administer(
    adminUrl,
    ...SCHEMAS.flatMap((schema) => [
      `DROP DATABASE IF EXISTS \`${prefix}${schema}\``,
      `DROP USER IF EXISTS ${accountOf(prefix, schema)}`,
    ]),
  );
}

/** Makes one text for each schema. */
export function perSchema(textOf: (schema: SchemaName) => string): PerSchema {
  return {
    inventory: textOf("inventory"),
    reservation: textOf("reservation"),
    user: textOf("user"),
  };
}

function accountOf(prefix: string, schema: SchemaName): string {
  return `'${prefix}tessera_${schema}'@'%'`;
}
