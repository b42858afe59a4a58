import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What is known of a module of the public registry. */
export interface RegistryModule {
  /** The one version that is used. */
  version: string;
  inputs: readonly string[];
  outputs: readonly string[];
}

/**
 * What was read of the registry's modules and providers, which no check can download: modules.json
 * names those of their inputs and outputs that were looked up, providers.json is an excerpt of
 * `terraform providers schema -json`.
 */
export const TABLE: {
  providers: Readonly<Record<string, string>>;
  modules: Readonly<Record<string, RegistryModule>>;
} = JSON.parse(readFileSync(join(import.meta.dirname, "modules.json"), "utf8"));

/** Where the providers' schemas are. */
export const PROVIDER_SCHEMAS = join(import.meta.dirname, "providers.json");
