import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type ServiceError as GrpcFailure,
  Metadata,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { RpcStatusSchema } from "@tessera/proto/common/v1/rpc_status_pb";

const DETAILS_KEY = "grpc-status-details-bin";

/**
 * What grpc-js says when a call ended without a status: its connection was closed, as HTTP/2 servers
 * do when a client gives up on hundreds of calls at once.
 */
const CONNECTION_LOST = /^Received RST_STREAM with code /;

/** A failure as grpc-js sends it. Connect's codes are gRPC's; only the details need an envelope. */
export function toGrpcStatus(failure: ConnectError): Partial<GrpcFailure> {
  const details = failure.details.flatMap((detail) =>
    "desc" in detail ? [anyPack(detail.desc, create(detail.desc, detail.value))] : [],
  );
  const message = failure.rawMessage;
  const envelope = create(RpcStatusSchema, { code: failure.code, message, details });
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, Buffer.from(toBinary(RpcStatusSchema, envelope)));
  return { code: Number(failure.code), details: message, metadata };
}

/** A failed call's status as grpc-js received it, with its details. */
export function fromGrpcStatus(failure: StatusObject): ConnectError {
  const result = new ConnectError(failure.details, codeOf(failure));
  const bytes = failure.metadata.get(DETAILS_KEY)[0];
  if (bytes instanceof Buffer) {
    const { details } = fromBinary(RpcStatusSchema, bytes);
    result.details = details.map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value,
    }));
  }
  return result;
}

function codeOf({ code, details }: StatusObject): Code {
  if (code === status.INTERNAL && CONNECTION_LOST.test(details)) {
    return Code.Unavailable;
  }
  // 0 (OK) and numbers beyond the table never come as failures from grpc-js.
  return code in Code ? (Number(code) as Code) : Code.Unknown;
}

/** A code's name in the gRPC specification, such as `FAILED_PRECONDITION`. */
export function codeName(code: number): string {
  return status[code] ?? "UNKNOWN";
}
