import { REASONS } from "@tessera/proto/reasons";
import { problemId } from "../http/problem.ts";
import type { ContentSecurityPolicy } from "../http/security-headers.ts";

/** Nothing from anywhere else, and no inline scripts; Swagger UI writes style attributes. */
export const PAGE_POLICY: ContentSecurityPolicy = {
  "default-src": ["'none'"],
  "script-src": ["'self'"],
  "style-src": ["'self'", "'unsafe-inline'"],
  "img-src": ["'self'", "data:"],
  "connect-src": ["'self'"],
  "base-uri": ["'none'"],
  "form-action": ["'none'"],
  "frame-ancestors": ["'none'"],
};

/** The reference: Swagger UI, which reads `/openapi.json`. */
export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tessera API</title>
    <link rel="icon" href="/docs/assets/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/assets/initializer.js"></script>
  </body>
</html>
`;

/** Starts Swagger UI, without its validator: the document's address is nobody else's business. */
export const INITIALIZER = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null,
});
`;

/** What every `code` of a problem means; each problem's `type` points into it. */
export function problemsPage(): string {
  const rows = Object.entries(REASONS).map(([reason, { status, title, retryable }]) => {
    const id = problemId(reason);
    const retry = retryable ? "may succeed later, unchanged" : "will not succeed unchanged";
    return `<dt id="${id}"><code>${reason}</code> (${status})</dt><dd>${title}; ${retry}.</dd>`;
  });
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tessera API: problems</title>
    <style>body { font: 1rem/1.5 sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem }
      dt { margin-top: 1rem } :target { background: #ffec99 }</style>
  </head>
  <body>
    <h1>Problems</h1>
    <p>A request that fails is answered with <code>application/problem+json</code> (RFC 9457). Its
      <code>code</code> is one of these words, which never change.</p>
    <dl>${rows.join("\n    ")}</dl>
  </body>
</html>
`;
}
