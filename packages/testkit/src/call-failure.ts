import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@tessera/proto/common/v1/error_info_pb";
import { rejectionOf } from "./rejection.ts";

/** Everything that a failed call, and its ErrorInfo if it has one, says of it; rejects when it did not fail. */
export async function failureOf(call: Promise<unknown>) {
  const failure = ConnectError.from(await rejectionOf(call));
  const { reason, domain, metadata = {} } = failure.findDetails(ErrorInfoSchema)[0] ?? {};
  return { code: failure.code, message: failure.rawMessage, reason, domain, metadata };
}
