import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { ServiceError } from "@tessera/service-kit/service-error";
import { inSpan } from "@tessera/service-kit/span";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { exchangeOf } from "./exchange.ts";
import { addressKey } from "./rate-limit.ts";

/** Room for 20 items and 50 ticket types, many times over. */
const MAX_BODY_BYTES = 64 * 1024;
/** Parts of a body before they are made one. */
const MAX_PARTS = 64;
/** What a part takes beside its bytes, about: some send one byte at a time. */
const PART_BYTES = 512;
/** What all but one of them took. */
const SAVED_BYTES = (MAX_PARTS - 1) * PART_BYTES;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=(?!\s*"?utf-?8"?\s*(?:;|$))/i;

/** Reads a JSON body, which must be there. Fails with 400, 413 or 415. */
export const jsonBody: RequestHandler = (request, response, next) => {
  if (!hasBody(request)) {
    throw new ServiceError("MALFORMED_BODY", "a JSON body is required");
  }
  readJson(request, response, next);
};

/** Reads a JSON body if there is one. */
export const optionalJsonBody: RequestHandler = (request, response, next) => {
  if (hasBody(request)) {
    readJson(request, response, next);
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
function readJson(request: Request, response: Response, next: NextFunction): void {
  const { headers } = request;
  const said = Number(headers["content-length"] ?? 0);
  if (said > 0) {
    checkType(headers);
  }
  if (said > MAX_BODY_BYTES) {
    throw tooLarge();
  }
  const { span, verified, bodyRooms } = exchangeOf(response);
  const bodyRoom = verified === undefined ? bodyRooms.strangers : bodyRooms.signedIn;
  const sender = verified?.userId ?? addressKey(request.ip ?? "");
  const parts: Buffer[] = [];
  let length = 0;
  let taken = 0;
  let isFinished = false;
  const finish = (failure?: unknown) => {
    if (!isFinished) {
      isFinished = true;
      bodyRoom.giveBack(sender, taken);
      parts.length = 0;
      // The connection's events know nothing of the request's trace.
      inSpan(span, () => next(failure));
    }
  };
  request.on("data", (part: Buffer) => {
    if (isFinished) {
      return;
    }
    length += part.length;
    try {
      if (said === 0) {
        // Chunks may come to nothing, which is of no type.
        checkType(headers);
      }
      const size = part.length + PART_BYTES;
      bodyRoom.take(sender, size);
      taken += size;
      if (length > MAX_BODY_BYTES) {
        throw tooLarge();
      }
    } catch (failure) {
      finish(failure);
      return;
    }
    if (parts.push(part) === MAX_PARTS) {
      parts.splice(0, MAX_PARTS, Buffer.concat(parts));
      bodyRoom.giveBack(sender, SAVED_BYTES);
      taken -= SAVED_BYTES;
    }
  });
  request.on("end", () => {
    try {
      request.body = length === 0 ? undefined : parseJson(parts);
    } catch (failure) {
      finish(failure);
      return;
    }
    finish();
  });
  // The request itself says nothing when it was answered before it came to its end.
  response.once("close", () => {
    // Of nearly every request it is the end: an error that nobody needs would cost a stack trace.
    if (!isFinished) {
      finish(new ServiceError("CANCELLED", "the client went away"));
    }
  });
}

function checkType(headers: IncomingHttpHeaders): void {
  const type = headers["content-type"] ?? "";
  if (type !== "application/json" && (!JSON_TYPE.test(type) || OTHER_CHARSET.test(type))) {
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json in UTF-8");
  }
  // A small body that inflates into a large one is an attack.
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed");
  }
}

function parseJson(parts: readonly Buffer[]): unknown {
  const [first] = parts;
  const bytes = first !== undefined && parts.length === 1 ? first : Buffer.concat(parts);
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
