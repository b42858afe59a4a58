import { AsyncResource } from "node:async_hooks";
import { isUtf8 } from "node:buffer";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { NextFunction, Request, RequestHandler } from "express";

/** Room for 20 items and 50 ticket types, many times over. */
const MAX_BODY_BYTES = 64 * 1024;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*"?(?!utf-?8["\s;]|utf-?8$)/i;

/** Reads a JSON body, which must be there. Fails with 400, 413 or 415. */
export const jsonBody: RequestHandler = (request, _response, next) => {
  if (!hasBody(request)) {
    throw new ServiceError("MALFORMED_BODY", "a JSON body is required");
  }
  readJson(request, next);
};

/** Reads a JSON body if there is one. */
export const optionalJsonBody: RequestHandler = (request, _response, next) => {
  if (hasBody(request)) {
    readJson(request, next);
  } else {
    next();
  }
};

/**
 * Reads and parses the body.
 *
 * Not Express's parser: that reads a body which is too large to its end before it says so, however
 * slowly it comes, and mends bytes that are not UTF-8 instead of refusing them.
 */
function readJson(request: Request, next: NextFunction): void {
  const { headers } = request;
  const type = headers["content-type"] ?? "";
  if (type !== "application/json" && (!JSON_TYPE.test(type) || OTHER_CHARSET.test(type))) {
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json in UTF-8");
  }
  // A small body that inflates into a large one is an attack.
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed");
  }
  if (Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES) {
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  // The connection's events know nothing of the request's trace.
  const finish = AsyncResource.bind((failure?: unknown) => {
    request.off("data", take).off("end", parse).off("error", abandon);
    next(failure);
  });
  const take = (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > MAX_BODY_BYTES) {
      finish(tooLarge());
    }
  };
  const parse = () => {
    try {
      request.body = length === 0 ? undefined : parseJson(Buffer.concat(chunks, length));
    } catch (failure) {
      finish(failure);
      return;
    }
    finish();
  };
  const abandon = (cause: Error) =>
    finish(new ServiceError("CANCELLED", "the client went away", { cause }));
  request.on("data", take).on("end", parse).on("error", abandon);
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) {
    throw malformed("the body is not valid UTF-8");
  }
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw malformed("the body is not valid JSON", cause);
  }
}

function malformed(message: string, cause?: unknown): ServiceError {
  return new ServiceError("MALFORMED_BODY", message, { cause });
}

/** What still comes is thrown away, for as long as a request may take. */
function tooLarge(): ServiceError {
  return new ServiceError("BODY_TOO_LARGE", "the body is larger than 64 KiB");
}

function hasBody({ headers }: Request): boolean {
  const length = headers["content-length"];
  return length === undefined ? headers["transfer-encoding"] !== undefined : length !== "0";
}
