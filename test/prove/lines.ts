/** So many units of one ticket type. */
export interface Line {
  ticketTypeId: string;
  quantity: number;
}
