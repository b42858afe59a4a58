import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { parseDocument } from "yaml";

/** A chart's values with another image; the rest stays as it is, comments too. */
export function withDigest(values: string, digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new OperatorError(`${digest} is no digest: sha256: and 64 hexadecimal digits.`);
  }
  const document = parseDocument(values);
  document.setIn(["service", "image", "digest"], digest);
  return document.toString({ lineWidth: 0 });
}
