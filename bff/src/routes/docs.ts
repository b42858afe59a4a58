import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ServiceError } from "@tessera/service-kit/service-error";
import { load } from "js-yaml";
import { answer, type Route } from "../http/route.ts";
import { securityHeaders } from "../http/security-headers.ts";
import { sendTagged, type Tagged, tagged } from "../http/tagged.ts";
import { INITIALIZER, PAGE, PAGE_POLICY, problemsPage } from "./docs-pages.ts";

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

/** The OpenAPI document and a page that shows it, all of it from here. */
export function docsRoutes(): Route[] {
  const yaml = readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8");
  // js-yaml, and not yaml: a third of the time, and 14 MiB less at rest.
  const document = content(Buffer.from(JSON.stringify(load(yaml))), "application/json");
  const page = content(Buffer.from(PAGE), HTML);
  const problems = content(Buffer.from(problemsPage()), HTML);
  const assets = readAssets();
  return [
    route("/openapi.json", () => document),
    route("/docs", () => page),
    route("/docs/problems", () => problems),
    route("/docs/assets/:file", (file) => assets.get(file)),
  ];
}

function route(path: string, contentOf: (file: string) => Tagged | undefined): Route {
  const headers = securityHeaders(PAGE_POLICY, "pages");
  const serve = answer((exchange) => {
    const found = contentOf(String(exchange.request.params.file));
    if (found === undefined) {
      throw new ServiceError("ROUTE_NOT_FOUND", "there is nothing at this address");
    }
    exchange.fixedHeaders = headers;
    sendTagged(exchange, found);
  });
  return { method: "get", path, handlers: [serve] };
}

/** Only these files of Swagger UI's package are public. */
function readAssets(): ReadonlyMap<string, Tagged> {
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const read = (file: string, contentType: string): [string, Tagged] => [
    file,
    content(readFileSync(join(folder, file)), contentType),
  ];
  return new Map([
    read("swagger-ui-bundle.js", SCRIPT),
    read("swagger-ui.css", "text/css; charset=utf-8"),
    read("favicon-32x32.png", "image/png"),
    ["initializer.js", content(Buffer.from(INITIALIZER), SCRIPT)],
  ]);
}

/** Bytes, which readers who are slow to take them share; each would have a copy of a text. */
function content(body: Buffer, contentType: string): Tagged {
  return tagged({ body, contentType, cacheControl: "public, max-age=300" });
}
