import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { type GrpcRoute, ofKind } from "./kinds.ts";
import { methodsOf } from "./routes.ts";
import type { World } from "./world.ts";

/** What mesh/README.md does not say, or says otherwise, of each route. */
export function checkReadme({ objects }: World): string[] {
  const readme = readFileSync(join(ROOT, "mesh", "README.md"), "utf8");
  return ofKind(objects, "GRPCRoute").flatMap((route) => checkRow(readme, route));
}

function checkRow(readme: string, route: GrpcRoute): string[] {
  const { name, annotations = {} } = route.metadata;
  const rows = readme.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const [, , methods = "", ...cells] = rows.find(([, first]) => first === `\`${name}\``) ?? [];
  const actual = cells.slice(0, 3).join(", ");
  const expected = [
    1 + Number(annotations["retry.linkerd.io/limit"] ?? 0),
    annotations["retry.linkerd.io/timeout"] ?? "–",
    annotations["timeout.linkerd.io/request"],
  ].join(", ");
  const unnamed = methodsOf(route)
    .map((method) => method.split("/")[1])
    .filter((method) => !methods.includes(`\`${method}\``));
  return [
    ...(actual === expected ? [] : [`mesh/README.md says of ${name}: ${actual}, not ${expected}`]),
    ...unnamed.map((method) => `mesh/README.md does not name ${method} at ${name}`),
  ];
}
