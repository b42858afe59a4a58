import { Code, ConnectError } from "@connectrpc/connect";
import { type ServiceError as GrpcFailure, Metadata } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "@tessera/proto/common/v1/error_info_pb";
import { expect } from "chai";
import { codeName, fromGrpcStatus, toGrpcStatus } from "./rpc-status.ts";

describe("toGrpcStatus", () => {
  it("comes back with its code, message and details", () => {
    const value = { reason: "SOLD_OUT", domain: "d", metadata: { ticketTypeId: "t" } };
    const details = [{ desc: ErrorInfoSchema, value }];
    const sent = new ConnectError("gone", Code.FailedPrecondition, undefined, details);
    const received = fromGrpcStatus(toGrpcStatus(sent) as GrpcFailure);
    expect(received).to.include({ code: Code.FailedPrecondition, rawMessage: "gone" });
    expect(received.findDetails(ErrorInfoSchema)[0]).to.deep.include(value);
  });
});

describe("fromGrpcStatus", () => {
  it("reads a failure without details", () => {
    const failure = grpcFailure({ code: 14, details: "connection dropped" });
    expect(fromGrpcStatus(failure)).to.include({
      code: Code.Unavailable,
      rawMessage: "connection dropped",
      cause: failure,
    });
  });

  it("takes a call whose connection was closed for one that may be tried again", () => {
    const details =
      "Received RST_STREAM with code 2 triggered by internal client error: Session closed with error code 2";
    expect(fromGrpcStatus(grpcFailure({ code: 13, details }))).to.include({
      code: Code.Unavailable,
      rawMessage: details,
    });
    const bug = fromGrpcStatus(grpcFailure({ code: 13, details: "a bug" }));
    expect(bug.code).to.equal(Code.Internal);
  });

  it("takes a code that no table knows for UNKNOWN, and the message where details lack", () => {
    const received = fromGrpcStatus(grpcFailure({ code: 99, details: "" }));
    expect(received).to.include({ code: Code.Unknown, rawMessage: "what grpc-js says" });
  });
});

describe("codeName", () => {
  it("has the specification's names", () => {
    expect([0, 9, 14].map(codeName)).to.deep.equal(["OK", "FAILED_PRECONDITION", "UNAVAILABLE"]);
    expect(codeName(99)).to.equal("UNKNOWN");
  });
});

function grpcFailure(failure: { code: number; details: string }): GrpcFailure {
  return Object.assign(new Error("what grpc-js says"), { ...failure, metadata: new Metadata() });
}
