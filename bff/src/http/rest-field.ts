/** Fields that have other names in REST; every other name is the same in camelCase. */
const RENAMED: Readonly<Record<string, string>> = {
  amount_minor: "amount",
  currency_code: "currency",
  start_time: "startsAt",
  start_time_from: "startsFrom",
  sales_open_time: "salesOpenAt",
  sales_close_time: "salesCloseAt",
  expire_time: "expiresAt",
  create_time: "createdAt",
  update_time: "updatedAt",
  page_size: "limit",
  page_token: "cursor",
  name_prefix: "q",
  request_id: "Idempotency-Key",
};

/**
 * What a field of an RPC is called in REST: `event.ticket_types[0].price.amount_minor` is
 * `ticketTypes[0].price.amount`, and `entries[3].items[0].quantity` is `items[0].quantity`.
 */
export function restField(path: string): string {
  return path
    .replace(/^(?:event|ticket_type|entries\[\d+\])\./, "")
    .split(".")
    .map((part) => {
      const [, name = part, index = ""] = /^(\w+)(\[\d+\])?$/.exec(part) ?? [];
      return `${RENAMED[name] ?? camelCase(name)}${index}`;
    })
    .join(".");
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
