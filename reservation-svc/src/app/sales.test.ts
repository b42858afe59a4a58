import { expect } from "chai";
import type { Sale } from "../domain/waiting-room.ts";
import { Sales } from "./sales.ts";

describe("Sales", () => {
  let now = 0;
  let openTime: Date;
  const saleOf = async (eventId: string): Promise<Sale> => {
    const rules = {
      admitPerMinute: 1,
      maxActive: 1,
      passSeconds: 60,
      onStoreLoss: "open",
    } as const;
    return { eventId, openTime, closeTime: new Date(1e9), rules };
  };
  const stockOf = async () => ({ capacity: 1, available: 1, held: 0 });
  let sales: Sales;
  beforeEach(() => {
    now = 0;
    openTime = new Date(1);
    sales = new Sales({ saleOf, stockOf }, () => now);
  });

  it("tells a room's people what changed a second ago", async () => {
    await sales.roomOf("e");
    openTime = new Date(2);
    now = 500;
    expect((await sales.roomOf("e")).openTime).to.deep.equal(new Date(1));
    now = 1_001;
    expect((await sales.roomOf("e")).openTime).to.deep.equal(new Date(2));
  });

  it("answers at once where only the room itself matters", async () => {
    const known = await sales.saleOf("e");
    openTime = new Date(2);
    now = 60_000;
    expect(sales.saleOf("e")).to.equal(known);
  });
});
