import { type Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@tessera/proto/common/v1/error_info_pb";
import { rejectionOf } from "./rejection.ts";

/** What a failed call says of itself. */
export interface CallFailure {
  code: Code;
  message: string;
  /** The ErrorInfo's; undefined without one. */
  reason: string | undefined;
  domain: string | undefined;
  metadata: Readonly<Record<string, string>>;
}

/** Everything that a failed call says of itself; rejects when it did not fail. */
export async function failureOf(call: Promise<unknown>): Promise<CallFailure> {
  const failure = ConnectError.from(await rejectionOf(call));
  const { reason, domain, metadata = {} } = failure.findDetails(ErrorInfoSchema)[0] ?? {};
  return { code: failure.code, message: failure.rawMessage, reason, domain, metadata };
}
