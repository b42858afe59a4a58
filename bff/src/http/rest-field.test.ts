import { expect } from "chai";
import { restField } from "./rest-field.ts";

describe("restField()", () => {
  for (const [path, field] of [
    ["event.ticket_types[0].price.amount_minor", "ticketTypes[0].price.amount"],
    ["ticket_type.capacity", "capacity"],
    ["event.sales_open_time", "salesOpenAt"],
    ["event.waiting_room.on_store_loss", "waitingRoom.onStoreLoss"],
    ["entries[3].items[12].ticket_type_id", "items[12].ticketTypeId"],
    ["page_size", "limit"],
    ["request_id", "Idempotency-Key"],
    ["items", "items"],
    ["event", "event"],
  ] as const) {
    it(`calls ${path} ${field}`, () => {
      expect(restField(path)).to.equal(field);
    });
  }
});
