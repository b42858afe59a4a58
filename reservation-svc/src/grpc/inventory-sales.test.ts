import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { WaitingRoom_OnStoreLoss } from "@tessera/proto/inventory/v1/event_pb";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { toConnectError } from "@tessera/service-kit/connect-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { Sales } from "../app/sales.ts";
import { InventorySales } from "./inventory-sales.ts";

const TIMES = { salesOpenTime: timestampFromMs(1_000), salesCloseTime: timestampFromMs(2_000) };
const RULES = { admitPerMinute: 60, maxActive: 5, passSeconds: 30 };

describe("InventorySales", () => {
  it("reads when an event is sold, and that it has no waiting room", async () => {
    const sales = salesOver({ getEvent: ({ eventId }) => ({ event: { id: eventId, ...TIMES } }) });
    expect(await sales.saleOf("e")).to.deep.equal({
      eventId: "e",
      openTime: new Date(1_000),
      closeTime: new Date(2_000),
      rules: undefined,
    });
  });

  for (const [loss, onStoreLoss] of [
    [WaitingRoom_OnStoreLoss.OPEN, "open"],
    [WaitingRoom_OnStoreLoss.CLOSED, "closed"],
    [WaitingRoom_OnStoreLoss.UNSPECIFIED, "closed"],
  ] as const) {
    it(`reads a waiting room's rules: ${loss} on the loss of its store is ${onStoreLoss}`, async () => {
      const waitingRoom = { ...RULES, onStoreLoss: loss };
      const sales = salesOver({ getEvent: () => ({ event: { ...TIMES, waitingRoom } }) });
      expect((await sales.saleOf("e")).rules).to.deep.equal({ ...RULES, onStoreLoss });
    });
  }

  it("adds up the stock of all ticket types", async () => {
    const ticketTypes = [
      { capacity: 10, available: 3, held: 2, sold: 5 },
      { capacity: 5, available: 0, held: 1, sold: 4 },
    ];
    const sales = salesOver({ getAvailability: () => ({ ticketTypes }) });
    expect(await sales.stockOf("e")).to.deep.equal({ capacity: 15, available: 3, held: 3 });
  });

  it("gives up in time for those who are told what was known last, when inventory hangs", async () => {
    let now = 0;
    let isHanging = false;
    const unlessHanging = <T>(answer: T): T | Promise<T> =>
      isHanging ? new Promise<T>(() => undefined) : answer;
    const ticketTypes = [{ capacity: 10, available: 3, held: 2, sold: 5 }];
    const source = salesOver({
      getEvent: ({ eventId }) => unlessHanging({ event: { id: eventId, ...TIMES } }),
      getAvailability: () => unlessHanging({ ticketTypes }),
    });
    const sales = new Sales(source, () => now);
    const ask = () => Promise.all([sales.saleOf("e"), sales.stockOf("e")]);
    const known = await ask();
    isHanging = true;
    now = 60_001;
    expect(await ask()).to.deep.equal(known);
  });

  it("throws what inventory meant, and takes a broken contract for a bug", async () => {
    const refuse = () => {
      throw toConnectError(new ServiceError("EVENT_NOT_FOUND", "none"), "inventory.tessera");
    };
    const refusing = salesOver({ getEvent: refuse, getAvailability: refuse });
    for (const call of [refusing.saleOf("e"), refusing.stockOf("e")]) {
      const failure = await call.catch((reason: unknown) => reason);
      expect(failure).to.be.instanceOf(ServiceError).and.to.include({ reason: "EVENT_NOT_FOUND" });
    }
    const broken = salesOver({ getEvent: () => ({}) });
    const failure = await broken.saleOf("e").catch((reason: unknown) => reason);
    expect(failure).to.be.instanceOf(Error).and.not.to.be.instanceOf(ServiceError);
  });
});

function salesOver(implementation: Partial<ServiceImpl<typeof InventoryService>>) {
  const transport = createRouterTransport(
    (router) => void router.service(InventoryService, implementation),
  );
  return new InventorySales(createClient(InventoryService, transport));
}
