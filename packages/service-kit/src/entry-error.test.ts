import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { EntryErrorSchema } from "@tessera/proto/common/v1/entry_error_pb";
import { expect } from "chai";
import { fromEntryError, toEntryError } from "./entry-error.ts";
import { invalidField } from "./service-error.ts";

describe("toEntryError", () => {
  it("comes back as the error it was", () => {
    const thrown = invalidField("items[0].quantity", "must be from 1 to 100");
    const entry = toEntryError(thrown);
    expect(entry).to.include({ code: Code.InvalidArgument, reason: "INVALID_FIELD" });
    const back = fromEntryError(create(EntryErrorSchema, entry));
    expect(back).to.include({ reason: thrown.reason, message: thrown.message });
    expect(back.metadata).to.deep.equal(thrown.metadata);
  });

  it("reads failed calls, and says nothing of bugs", () => {
    const call = toEntryError(new ConnectError("reset", Code.Unavailable));
    expect(call).to.include({ code: Code.Unavailable, reason: "DEPENDENCY_UNAVAILABLE" });
    expect(toEntryError(new TypeError("hunter2"))).to.deep.equal({
      code: Code.Internal,
      reason: "INTERNAL",
      message: "internal error",
      metadata: {},
    });
  });
});

describe("fromEntryError", () => {
  it("takes an unknown reason for what its code says", () => {
    const entry = {
      code: Code.FailedPrecondition,
      reason: "FROM_THE_FUTURE",
      message: "too small",
    };
    const failure = fromEntryError(create(EntryErrorSchema, entry));
    expect(failure).to.include({ reason: "REFUSED", message: "too small" });
  });
});
