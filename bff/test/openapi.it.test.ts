import { REASONS } from "@tessera/proto/reasons";
import { expect } from "chai";
import { DOCUMENT } from "./openapi-check.ts";
import { useApp } from "./use-app.ts";

/** What Express's router knows, as `GET /v1/events/{id}`. */
function routesOf(router: { stack: { route?: { path: string; stack: { method?: string }[] } }[] }) {
  const routes = router.stack.flatMap(({ route }) =>
    (route?.stack ?? []).flatMap(({ method }) =>
      // Without a method it is what answers 405.
      method === undefined ? [] : [`${method.toUpperCase()} ${templateOf(route?.path ?? "")}`],
    ),
  );
  return [...new Set(routes)].sort();
}

const templateOf = (path: string) => path.replaceAll(/:(\w+)/g, "{$1}");

function operations(): { name: string; operation: Record<string, unknown> }[] {
  return Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
}

describe("the OpenAPI document", () => {
  const api = useApp();

  it("has the app's routes, and no others", () => {
    const documented = operations().map(({ name }) => name);
    expect(documented.sort()).to.deep.equal(routesOf(api.app.router));
  });

  it("is what the app serves", async () => {
    const { status, body } = await api.ask("GET", "/openapi.json");
    expect(status).to.equal(200);
    expect(body).to.deep.equal(DOCUMENT);
    expect(body.openapi).to.equal("3.1.0");
  });

  it("says of every operation what it is called, what it does and what protects it", async () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const { name, operation } of operations()) {
      expect(operation.summary, name).to.be.a("string");
      expect(operation.tags, name).to.have.length(1);
      const [method = "", path = ""] = name.split(" ");
      const address = path.replace("{id}", crypto.randomUUID()).replace("{file}", "x");
      const { status } = await api.ask(method, address);
      const isOpen = Array.isArray(operation.security) && operation.security.length === 0;
      expect(status === 401, `${name} needs a token`).to.equal(!isOpen);
    }
  });

  it("gives problems their status and codes of the catalogue", () => {
    const text = JSON.stringify(DOCUMENT.components.responses);
    const responses = [
      ...text.matchAll(/"status":\{"const":(\d+)\},"code":\{"enum":(\[[^\]]+\])/g),
    ];
    expect(responses.length).to.be.greaterThan(20);
    for (const [, status, codes = "[]"] of responses) {
      for (const code of JSON.parse(codes)) {
        expect(REASONS[code as keyof typeof REASONS]?.status, code).to.equal(Number(status));
      }
    }
  });

  it("names each object of what others are made of: code generators make one of each copy", () => {
    const { schemas = {} } = DOCUMENT.components;
    const bases = JSON.stringify(schemas).matchAll(/"allOf":\[\{"\$ref":"[^"]+\/(\w+)"/g);
    const names = new Set([...bases].map(([, name = ""]) => name));
    expect(names).to.include("Claim");
    for (const name of names) {
      const { properties = {} } = schemas[name] as { properties?: object };
      expect(JSON.stringify(properties), name).not.to.include('"type":"object"');
    }
  });

  it("gives constants a type, and patterns that every language reads: code generators copy both", () => {
    const text = JSON.stringify(DOCUMENT.components.schemas) + JSON.stringify(DOCUMENT.paths);
    // Python knows no \\p, Go no look-ahead.
    for (const [, pattern = ""] of text.matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g)) {
      expect(pattern).not.to.match(/\\\\[pPu]|\(\?/);
    }
    expect(text).not.to.match(/\{"const":true/);
  });

  it("says which whole numbers do not fit into 32 bits", () => {
    const { DrawNumber, Money } = DOCUMENT.components.schemas as Record<
      string,
      { properties: object }
    >;
    expect(DrawNumber?.properties).to.have.nested.property("drawNumber.format", "int64");
    expect(Money?.properties).to.have.nested.property("amount.format", "int64");
  });

  it("gives no schema a name that code generators give to a constructor", () => {
    const names = Object.keys(DOCUMENT.components.schemas ?? {});
    // Go's makes NewEvent() of Event.
    expect(names.filter((name) => names.some((other) => name === `New${other}`))).to.deep.equal([]);
  });

  it("resolves every reference", () => {
    for (const [, path = ""] of JSON.stringify(DOCUMENT).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = path
        .split("/")
        .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], DOCUMENT);
      expect(found, path).not.equal(undefined);
    }
  });
});

describe("the pages", () => {
  const api = useApp();

  it("show the document, with nothing from elsewhere", async () => {
    const { body, headers } = await api.ask("GET", "/docs");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).to.include("default-src 'none'").and.to.include("script-src 'self'");
    expect(policy).not.to.match(/script-src[^;]*unsafe/);
    expect(body).not.to.match(/https?:|<script>|onload/);
    for (const [, file = ""] of body.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const asset = await api.ask("GET", file);
      expect(asset.status, file).to.equal(200);
      expect(asset.body.length, file).to.be.greaterThan(100);
    }
    const { body: script } = await api.ask("GET", "/docs/assets/initializer.js");
    expect(script).to.include("validatorUrl: null").and.to.include('"/openapi.json"');
  });

  it("explain every code, and what to do", async () => {
    const { body } = await api.ask("GET", "/docs/problems");
    for (const reason of Object.keys(REASONS)) {
      expect(body).to.include(`id="${reason.toLowerCase().replaceAll("_", "-")}"`);
    }
    // Somebody may give a ticket back.
    expect(body).not.to.include("will not succeed");
    expect(body).to.match(/SOLD_OUT<\/code> \(409\)<\/dt><dd>Sold out\. Offer/);
    expect(body).to.match(/OVERLOADED<\/code> \(503, retryable\)<\/dt>/);
  });

  it("are made of their own files only", async () => {
    for (const file of ["package.json", "..%2fpackage.json", "swagger-ui.js"]) {
      const { status, body } = await api.ask("GET", `/docs/assets/${file}`);
      expect([status, body.code]).to.deep.equal([404, "ROUTE_NOT_FOUND"]);
    }
  });
});
