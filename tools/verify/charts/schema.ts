import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Rendered } from "../render-charts.ts";
import { appOf, ofKind, plainEnv } from "./objects.ts";
import { readBy } from "./programs.ts";

interface Schema {
  properties: {
    service: {
      properties: {
        config: { properties: Record<string, unknown> };
        secrets: { properties: { names: { items: { enum: string[] } } } };
      };
    };
  };
}

/** The settings that the charts derive from other values. */
const DERIVED = ["DRAIN_MS", "GRACE_MS"];

/** A chart's schema lets an operator set what the program reads, and nothing else. */
export function checkSchema(charts: string, { chart, objects }: Rendered): string[] {
  return ofKind(objects, "Deployment").flatMap((deployment) => {
    const text = readFileSync(join(charts, chart, "values.schema.json"), "utf8");
    const schema: Schema = JSON.parse(text);
    const { config, secrets } = schema.properties.service.properties;
    const given = plainEnv(appOf(deployment));
    const ports = Object.keys(given).filter((name) => /(^|_)PORT$/.test(name));
    const allowed = [
      ...Object.keys(config.properties),
      ...secrets.properties.names.items.enum,
      ...ports,
      ...DERIVED,
    ];
    const { names: read } = readBy(chart, {});
    return [
      ...allowed
        .filter((name) => !read.includes(name))
        .map((name) => `${chart}'s schema has ${name}, which the program does not read`),
      ...read
        .filter((name) => !allowed.includes(name))
        .map((name) => `${chart} reads ${name}, which its schema does not have`),
    ];
  });
}
