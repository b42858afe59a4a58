/** How large a run is. What each number means for a scenario, `npm run k6` lists. */
export interface RunSettings {
  rate: number;
  seconds: number;
  size: number;
}

/** Somebody who is signed in. */
export interface Buyer {
  userId: string;
  accessToken: string;
}

/** Somebody who can sign in. */
export interface Account {
  email: string;
  password: string;
}

/** Rows from all over the tables: what reads ask for. */
export interface Sample {
  eventIds: string[];
  /** The beginnings of events' names. */
  prefixes: string[];
  reservations: { id: string; accessToken: string }[];
}

/** What the runner prepares for a run, as the JSON file that RUN_FILE names. */
export interface RunFile {
  /** In the names of the run's events, and in its idempotency keys. */
  runId: string;
  bffUrl: string;
  /** Where the services listen for gRPC, as host:port. */
  inventoryAddress: string;
  reservationAddress: string;
  organiser: Account;
  settings: RunSettings;
  /** Each is a JSON file with a list; empty where the scenario needs none. */
  buyersFile: string;
  accountsFile: string;
  /** A JSON file with a Sample; empty where the scenario needs none. */
  sampleFile: string;
}

/** An event of the run, as `setup` returns it, and the verdict reads it. */
export interface RunEvent {
  id: string;
  ticketTypeId: string;
  capacity: number;
}

/** What every scenario's `setup` returns. */
export interface Prepared {
  events: RunEvent[];
}
