import type { Control } from "./control.ts";
import { LEDGER_CONTROLS } from "./ledger.ts";
import { NOTICE_CONTROLS } from "./notices.ts";
import { REQUEST_CONTROLS } from "./requests.ts";

/** Every way in which the product is broken on purpose; the checker must see each of them. */
export const CONTROLS: readonly Control[] = [
  ...LEDGER_CONTROLS,
  ...REQUEST_CONTROLS,
  ...NOTICE_CONTROLS,
];
