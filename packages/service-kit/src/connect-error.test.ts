import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@tessera/proto/common/v1/error_info_pb";
import { REASONS, type Reason } from "@tessera/proto/reasons";
import { expect } from "chai";
import { toConnectError, toServiceError } from "./connect-error.ts";
import { ServiceError } from "./service-error.ts";

describe("toConnectError", () => {
  it("gives a ServiceError its code, reason, domain and metadata", () => {
    const thrown = new ServiceError("SOLD_OUT", "gone", { metadata: { ticketTypeId: "t" } });
    const failure = toConnectError(thrown, "inventory.tessera");
    expect(failure).to.include({ code: Code.FailedPrecondition, rawMessage: "gone" });
    expect(infoOf(failure)).to.deep.include({
      reason: "SOLD_OUT",
      domain: "inventory.tessera",
      metadata: { ticketTypeId: "t" },
    });
  });

  it("knows a code for every reason", () => {
    for (const reason of Object.keys(REASONS) as Reason[]) {
      const failure = toConnectError(new ServiceError(reason, "x"), "d");
      expect(failure.code, reason).to.equal(REASONS[reason].code);
    }
  });

  it("lets a bug leave mute, and keeps it as the cause", () => {
    const bug = new TypeError("password is hunter2");
    const failure = toConnectError(bug, "d");
    expect(failure).to.include({ code: Code.Internal, rawMessage: "internal error", cause: bug });
    expect(infoOf(failure)?.reason).to.equal("INTERNAL");
  });

  it("passes on what a service further down said, with its domain", () => {
    const below = toConnectError(new ServiceError("FENCED", "late"), "inventory.tessera");
    const failure = toConnectError(below, "reservation.tessera");
    expect(failure.code).to.equal(Code.FailedPrecondition);
    expect(infoOf(failure)).to.deep.include({ reason: "FENCED", domain: "inventory.tessera" });
  });
});

describe("toServiceError", () => {
  const bare: readonly [Code, Reason][] = [
    [Code.Canceled, "CANCELLED"],
    [Code.DeadlineExceeded, "DEADLINE_EXCEEDED"],
    [Code.InvalidArgument, "MALFORMED_REQUEST"],
    [Code.PermissionDenied, "DEPENDENCY_UNAVAILABLE"],
    [Code.ResourceExhausted, "OVERLOADED"],
    [Code.Unavailable, "DEPENDENCY_UNAVAILABLE"],
    [Code.Unimplemented, "UNIMPLEMENTED"],
    [Code.DataLoss, "INTERNAL"],
  ];
  for (const [code, reason] of bare) {
    it(`takes a bare ${Code[code]} for ${reason}`, () => {
      const cause = new ConnectError("connect ECONNREFUSED 10.0.0.1", code);
      const failure = toServiceError(cause);
      expect(failure).to.include({ reason, cause });
      expect(failure.message).not.to.include("10.0.0.1");
    });
  }

  it("keeps a refusal that has a reason", () => {
    const refused = toConnectError(new ServiceError("FORBIDDEN", "not yours"), "d");
    expect(refused.code).to.equal(Code.PermissionDenied);
    expect(toServiceError(refused).reason).to.equal("FORBIDDEN");
  });

  const unknown: readonly [Code, Reason][] = [
    [Code.InvalidArgument, "MALFORMED_REQUEST"],
    [Code.NotFound, "NOT_FOUND"],
    [Code.AlreadyExists, "REFUSED"],
    [Code.PermissionDenied, "FORBIDDEN"],
    [Code.FailedPrecondition, "REFUSED"],
    [Code.Aborted, "REQUEST_IN_PROGRESS"],
    [Code.Unauthenticated, "UNAUTHENTICATED"],
    [Code.Unavailable, "DEPENDENCY_UNAVAILABLE"],
    [Code.OutOfRange, "INTERNAL"],
  ];
  for (const [code, reason] of unknown) {
    it(`takes a reason of a later release for ${reason} when its code is ${Code[code]}`, () => {
      const details = [{ desc: ErrorInfoSchema, value: { reason: "toString" } }];
      const failure = toServiceError(new ConnectError("x", code, undefined, details));
      expect(failure).to.include({ reason, message: "x" });
    });
  }
});

function infoOf(failure: ConnectError) {
  return failure.findDetails(ErrorInfoSchema)[0];
}
