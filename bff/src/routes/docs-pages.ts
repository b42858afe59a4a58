import { isReason, REASONS } from "@tessera/proto/reasons";
import { problemId } from "../http/problem.ts";
import type { ContentSecurityPolicy } from "../http/security-headers.ts";
import { ADVICE } from "./problem-advice.ts";

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
  const reasons = Object.keys(REASONS).filter(isReason);
  const rows = reasons.map((reason) => {
    const { status, title, retryable } = REASONS[reason];
    const id = problemId(reason);
    const says = `${status}${retryable ? ", retryable" : ""}`;
    return `<dt id="${id}"><code>${reason}</code> (${says})</dt><dd>${title}. ${ADVICE[reason]}</dd>`;
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
    <p>Where it is retryable, the same request may succeed by itself in a while. Where it is not,
      repeating it by itself does not help; it may succeed when the world has changed, as when a sale
      opens or somebody gives a ticket back.</p>
    <dl>${rows.join("\n    ")}</dl>
  </body>
</html>
`;
}
