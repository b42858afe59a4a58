import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "@tessera/proto/common/v1/error_info_pb";
import { expect } from "chai";
import { codeName, fromGrpcStatus, toGrpcStatus } from "./rpc-status.ts";

describe("toGrpcStatus", () => {
  it("comes back with its code, message and details", () => {
    const value = { reason: "SOLD_OUT", domain: "d", metadata: { ticketTypeId: "t" } };
    const details = [{ desc: ErrorInfoSchema, value }];
    const sent = new ConnectError("gone", Code.FailedPrecondition, undefined, details);
    const received = fromGrpcStatus(toGrpcStatus(sent) as StatusObject);
    expect(received).to.include({ code: Code.FailedPrecondition, rawMessage: "gone" });
    expect(received.findDetails(ErrorInfoSchema)[0]).to.deep.include(value);
  });
});

describe("fromGrpcStatus", () => {
  it("reads a failure without details", () => {
    const failure = statusOf({ code: 14, details: "connection dropped" });
    expect(fromGrpcStatus(failure)).to.include({
      code: Code.Unavailable,
      rawMessage: "connection dropped",
    });
  });

  it("takes a call whose connection was closed for one that may be tried again", () => {
    const details =
      "Received RST_STREAM with code 2 triggered by internal client error: Session closed with error code 2";
    expect(fromGrpcStatus(statusOf({ code: 13, details }))).to.include({
      code: Code.Unavailable,
      rawMessage: details,
    });
    const bug = fromGrpcStatus(statusOf({ code: 13, details: "a bug" }));
    expect(bug.code).to.equal(Code.Internal);
  });

  it("takes a code that no table knows for UNKNOWN", () => {
    expect(fromGrpcStatus(statusOf({ code: 99, details: "" })).code).to.equal(Code.Unknown);
  });
});

describe("codeName", () => {
  it("has the specification's names", () => {
    expect([0, 9, 14].map(codeName)).to.deep.equal(["OK", "FAILED_PRECONDITION", "UNAVAILABLE"]);
    expect(codeName(99)).to.equal("UNKNOWN");
  });
});

function statusOf(failure: { code: number; details: string }): StatusObject {
  return { ...failure, metadata: new Metadata() };
}
