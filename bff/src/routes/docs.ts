import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ServiceError } from "@tessera/service-kit/service-error";
import { parse } from "yaml";
import { sendTagged } from "../http/cached-json.ts";
import { answer, type Route } from "../http/route.ts";
import { securityHeaders } from "../http/security-headers.ts";
import { INITIALIZER, PAGE, PAGE_POLICY, problemsPage } from "./docs-pages.ts";

interface Content {
  body: string | Buffer;
  contentType: string;
}

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

/** The OpenAPI document and a page that shows it, all of it from here. */
export function docsRoutes(): Route[] {
  const yaml = readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8");
  // Bytes, which readers who are slow to take them share; each would have a copy of a text.
  const body = Buffer.from(JSON.stringify(parse(yaml)));
  const document = { body, contentType: "application/json" };
  const assets = readAssets();
  return [
    route("/openapi.json", () => document),
    route("/docs", () => ({ body: PAGE, contentType: HTML })),
    route("/docs/problems", () => ({ body: problemsPage(), contentType: HTML })),
    route("/docs/assets/:file", (file) => assets.get(file)),
  ];
}

function route(path: string, contentOf: (file: string) => Content | undefined): Route {
  const headers = securityHeaders(PAGE_POLICY, "pages");
  const serve = answer((exchange) => {
    const content = contentOf(String(exchange.request.params.file));
    if (content === undefined) {
      throw new ServiceError("ROUTE_NOT_FOUND", "there is nothing at this address");
    }
    exchange.fixedHeaders = headers;
    sendTagged(exchange, { ...content, cacheControl: "public, max-age=300" });
  });
  return { method: "get", path, handlers: [serve] };
}

/** Only these files of Swagger UI's package are public. */
function readAssets(): ReadonlyMap<string, Content> {
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const read = (file: string, contentType: string): [string, Content] => [
    file,
    { body: readFileSync(join(folder, file)), contentType },
  ];
  return new Map<string, Content>([
    read("swagger-ui-bundle.js", SCRIPT),
    read("swagger-ui.css", "text/css; charset=utf-8"),
    read("favicon-32x32.png", "image/png"),
    ["initializer.js", { body: INITIALIZER, contentType: SCRIPT }],
  ]);
}
