import type { Rule } from "./files.ts";
import { type Selector, selectorsOf } from "./queries.ts";

/** Something that the API does. */
export interface Operation {
  method: string;
  route: string;
}

/** Operations under `/v1` whose failures burn no budget, or several. */
export function checkClasses(rules: readonly Rule[], operations: readonly Operation[]): string[] {
  // The crowd's requests are those of `reserve`.
  const classes = rules.filter(
    ({ record, labels }) => record === "tessera:slo_requests:rate5m" && labels?.class !== "crowd",
  );
  return operations
    .filter(({ route }) => route.startsWith("/v1/"))
    .flatMap((operation) => {
      const names = classes
        .filter(({ expr }) => selectorsOf(expr).some((one) => isChosen(operation, one)))
        .map(({ labels }) => labels?.class);
      const found = names.length === 0 ? "no class" : names.join(" and ");
      return names.length === 1 ? [] : [`${operation.method} ${operation.route} is in ${found}`];
    });
}

function isChosen(operation: Operation, { metric, matchers }: Selector): boolean {
  return (
    metric === "http_server_requests_total" &&
    matchers.every(({ label, operator, value }) => {
      const own = label === "method" ? operation.method : operation.route;
      return operator === "=" ? own === value : new RegExp(`^(?:${value})$`).test(own);
    })
  );
}
