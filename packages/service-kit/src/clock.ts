/** Where time comes from; a test passes its own. Where money or stock depends on it, the database's clock decides. */
export type Clock = () => Date;

/** The machine's clock. */
export const systemClock: Clock = () => new Date();
