import type { Money } from "@tessera/proto/common/v1/money_pb";

/** An amount in the currency's minor unit, as REST writes it. A missing one is the service's bug. */
export function restMoney(money: Money | undefined): { amount: number; currency: string } {
  if (money === undefined) {
    throw new Error("the service left out an amount");
  }
  // At most 20 items of 100 units of 100,000,000: far below 2 ** 53.
  return { amount: Number(money.amountMinor), currency: money.currencyCode };
}
