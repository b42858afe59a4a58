/** How people are let in. */
export interface WaitingRoom {
  admitPerMinute: number;
  maxActive: number;
  /** 10 at least. */
  passSeconds: number;
}

/** An event that a round is to sell. */
export interface Opening {
  name: string;
  /** Of each ticket type. */
  capacities: readonly number[];
  maxPerUser: number;
  holdSeconds: number;
  waitingRoom?: WaitingRoom;
  /** How many come for it, as compared with the others. */
  weight: number;
  /** True when the crowd wants more than there is, and buys all of it in the end. */
  isScarce: boolean;
  /** True when the organiser changes how much there is of it while it sells. */
  isResized: boolean;
}

/**
 * What a round sells to so many people when nobody says otherwise.
 *
 * All holds are short, so that every one of them has lapsed soon after the crowd has gone.
 */
export function openingsFor(people: number): readonly Opening[] {
  const part = (share: number) => Math.max(2, Math.floor(people * share));
  const waitingRoom = { admitPerMinute: 1_200, maxActive: part(0.5), passSeconds: 10 };
  const scarce = { isScarce: true, isResized: false };
  return [
    {
      ...{ name: "The large hall", capacities: [50_000, 20_000, 5_000], maxPerUser: 60 },
      ...{ holdSeconds: 6, weight: 8, isScarce: false, isResized: true },
    },
    {
      ...{ name: "The small hall", capacities: [part(0.4), part(0.2)], maxPerUser: 4 },
      ...{ ...scarce, holdSeconds: 6, weight: 6, isResized: true },
    },
    {
      ...{ name: "The box", capacities: [part(0.05)], maxPerUser: 1 },
      ...{ ...scarce, holdSeconds: 5, weight: 3 },
    },
    {
      ...{ name: "The premiere", capacities: [part(0.15), part(0.05)], maxPerUser: 2 },
      ...{ ...scarce, holdSeconds: 5, weight: 3, waitingRoom },
    },
  ];
}
