import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Rendered } from "../render-charts.ts";
import { appOf, ofKind, plainEnv } from "./objects.ts";
import { readBy } from "./programs.ts";

interface Bounds {
  minimum?: number;
  maximum?: number;
}

type Setting = Bounds & { type?: string };

interface Schema {
  properties: {
    service: {
      properties: {
        config: { properties: Record<string, Setting> };
        secrets: { properties: { names: { items: { enum: string[] } } } };
      };
    };
  };
}

/** A chart's schema lets an operator set what the program reads and accepts, and nothing else. */
export function checkSchema(charts: string, { chart, objects }: Rendered): string[] {
  return ofKind(objects, "Deployment").flatMap((deployment) => {
    const schemaOf = (name: string) =>
      JSON.parse(readFileSync(join(charts, name, "values.schema.json"), "utf8"));
    const schema: Schema = schemaOf(chart);
    const { config, secrets } = schema.properties.service.properties;
    // The library chart makes two more settings, of values of its own.
    const { drainMs, graceMs } = schemaOf("service").properties.shutdown.properties;
    const settings: Record<string, Setting> = {
      ...config.properties,
      ...{ DRAIN_MS: drainMs, GRACE_MS: graceMs },
    };
    const given = plainEnv(appOf(deployment));
    const ports = Object.keys(given).filter((name) => /(^|_)PORT$/.test(name));
    const allowed = [...Object.keys(settings), ...secrets.properties.names.items.enum, ...ports];
    const { names: read } = readBy(chart, {});
    return [
      ...allowed
        .filter((name) => !read.includes(name))
        .map((name) => `${chart}'s schema has ${name}, which the program does not read`),
      ...read
        .filter((name) => !allowed.includes(name))
        .map((name) => `${chart} reads ${name}, which its schema does not have`),
      ...Object.entries(settings)
        .filter(([, { type }]) => type === "integer")
        .flatMap(([name, { minimum, maximum }]) => {
          const accepted = boundsOf(chart, name);
          return minimum === accepted.minimum && maximum === accepted.maximum
            ? []
            : [
                `${chart} takes ${name} from ${accepted.minimum} to ${accepted.maximum}, its schema from ${minimum} to ${maximum}`,
              ];
        }),
    ];
  });
}

/** The whole numbers that a program accepts, as it says when it is given none. */
function boundsOf(chart: string, name: string): Bounds {
  // With none in the others' places, a bound that depends on one of them is no number, and no schema's.
  const { names } = readBy(chart, {});
  const { refusal = "" } = readBy(chart, Object.fromEntries(names.map((each) => [each, "none"])));
  const [, minimum, maximum] =
    new RegExp(`^ +${name} must be an integer from (\\d+) to (\\S+)$`, "m").exec(refusal) ?? [];
  return {
    ...(Number.isInteger(Number(minimum)) ? { minimum: Number(minimum) } : {}),
    ...(Number.isInteger(Number(maximum)) ? { maximum: Number(maximum) } : {}),
  };
}
