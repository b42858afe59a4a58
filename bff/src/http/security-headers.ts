import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import helmet from "helmet";

/** Where pages of this origin may get things from, by CSP directive. */
export type ContentSecurityPolicy = Readonly<Record<string, readonly string[]>>;

/** An API's answers are never pages: nothing may be got, and nobody may frame them. */
export const NO_CONTENT: ContentSecurityPolicy = {
  "default-src": ["'none'"],
  "frame-ancestors": ["'none'"],
};

/** What browsers heed on pages alone; sent with each JSON answer it costs and protects nothing. */
const WITHOUT_PAGES = {
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  referrerPolicy: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

/**
 * helmet's headers, names and values in turn.
 *
 * They are the same for every answer, so helmet runs once and not for each: set one by one they
 * would take Node's slow path of writing headers.
 */
export function securityHeaders(
  policy: ContentSecurityPolicy,
  pages: "pages" | "no pages",
): readonly string[] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const directives = Object.fromEntries(
    Object.entries(policy).map(([name, sources]) => [name, [...sources]]),
  );
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    ...(pages === "pages" ? {} : WITHOUT_PAGES),
  })(request, response, () => {});
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
}
