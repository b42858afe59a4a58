/** An event that one round sells, as it was created. */
export interface EventOnSale {
  id: string;
  /** In the event's order; the capacity may have been changed since. */
  ticketTypes: readonly { id: string; capacity: number; priceMinor: number }[];
  maxPerUser: number;
  holdSeconds: number;
  /** True when people need a pass to reserve. */
  hasWaitingRoom: boolean;
}
