import { expect } from "chai";
import { tellPartFailures } from "./part-failures.ts";
import { dependencyUnavailable, ServiceError } from "./service-error.ts";

describe("tellPartFailures", () => {
  it("tells one bug, and one outage of each kind, and no refusal", () => {
    const failures = [
      new ServiceError("SOLD_OUT", "gone"),
      new TypeError("a bug"),
      dependencyUnavailable("mysql", undefined),
      dependencyUnavailable("mysql", undefined),
      new ServiceError("DEADLINE_EXCEEDED", "late"),
    ].map((reason, part) => ({ reason, part }));
    const told: number[] = [];
    tellPartFailures(failures, (_reason, part) => told.push(part));
    expect(told).to.deep.equal([1, 3, 4]);
  });
});
