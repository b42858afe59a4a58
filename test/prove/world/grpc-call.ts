import {
  type ClientHttp2Stream,
  constants,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { LostRequest, MAX_BODY_BYTES } from "./forwarder.ts";

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** The whole answer of a unary call. Without trailers, the headers say all of it. */
export interface GrpcAnswer {
  headers: OutgoingHttpHeaders;
  body: Buffer;
  trailers: OutgoingHttpHeaders | undefined;
}

/** What a mesh's proxy answers when nobody did. */
export const UNAVAILABLE: GrpcAnswer = {
  headers: {
    ":status": 200,
    "content-type": "application/grpc",
    "grpc-status": "14",
    "grpc-message": "nobody answers",
  },
  body: Buffer.alloc(0),
  trailers: undefined,
};

/** All that a caller sends; undefined when it goes away before its end, or sends too much. */
export async function bodyOf(call: ServerHttp2Stream): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  return await new Promise((resolve) => {
    call.on("data", (piece: Buffer) => {
      bytes += piece.length;
      pieces.push(piece);
      if (bytes > MAX_BODY_BYTES) {
        call.close(NGHTTP2_ENHANCE_YOUR_CALM);
      }
    });
    call.on("end", () => resolve(Buffer.concat(pieces)));
    call.on("close", () => resolve(undefined));
  });
}

/**
 * Sends the body, and resolves to the answer, or to "refused" when the call was not even looked at.
 *
 * @throws LostRequest when the answer does not come to its end.
 */
export async function answerTo(
  call: ClientHttp2Stream,
  body: Buffer,
): Promise<GrpcAnswer | "refused"> {
  const pieces: Buffer[] = [];
  let headers: OutgoingHttpHeaders | undefined;
  let trailers: OutgoingHttpHeaders | undefined;
  let isWhole = false;
  call.on("response", (head) => {
    headers = head;
  });
  call.on("data", (piece: Buffer) => pieces.push(piece));
  call.on("trailers", (tail) => {
    trailers = tail;
  });
  call.on("end", () => {
    isWhole = call.rstCode === NGHTTP2_NO_ERROR;
  });
  // It is followed by "close", which tells.
  call.on("error", () => undefined);
  call.end(body);
  await new Promise((resolve) => call.once("close", resolve));
  if (headers !== undefined && isWhole) {
    return { headers, body: Buffer.concat(pieces), trailers };
  }
  if (call.rstCode === NGHTTP2_REFUSED_STREAM) {
    return "refused";
  }
  throw new LostRequest("the call was cut");
}

/** Tells the caller, if it is still there. */
export function answer(call: ServerHttp2Stream, { headers, body, trailers }: GrpcAnswer): void {
  if (call.closed || call.destroyed) {
    return;
  }
  if (trailers === undefined) {
    call.respond(headers, { endStream: body.length === 0 });
  } else {
    call.respond(headers, { waitForTrailers: true });
    call.once("wantTrailers", () => call.sendTrailers(trailers));
  }
  if (!call.writableEnded) {
    call.end(body);
  }
}
