import { ServiceError } from "@tessera/service-kit/service-error";
import express, { type Request, type RequestHandler } from "express";

/** Room for 20 items and 50 ticket types, many times over. */
const MAX_BODY_BYTES = 64 * 1024;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

const parse = express.json({
  limit: MAX_BODY_BYTES,
  // A small body that inflates into a large one is an attack.
  inflate: false,
  // Arrays and bare values are refused with a better message later.
  strict: false,
  // Checked here, before.
  type: () => true,
});

/** Reads a JSON body, which must be there. Fails with 400, 413 or 415. */
export const jsonBody: RequestHandler = (request, response, next) => {
  if (!hasBody(request)) {
    throw new ServiceError("MALFORMED_BODY", "a JSON body is required");
  }
  parseJson(request, response, next);
};

/** Reads a JSON body if there is one. */
export const optionalJsonBody: RequestHandler = (request, response, next) => {
  if (hasBody(request)) {
    parseJson(request, response, next);
  } else {
    next();
  }
};

const parseJson: RequestHandler = (request, response, next) => {
  const type = request.headers["content-type"] ?? "";
  if (type !== "application/json" && !JSON_TYPE.test(type)) {
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json");
  }
  parse(request, response, next);
};

function hasBody({ headers }: Request): boolean {
  const length = headers["content-length"];
  return length === undefined ? headers["transfer-encoding"] !== undefined : length !== "0";
}
