import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError, createHandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  type handleUnaryCall,
  type Metadata,
  type Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { toConnectError } from "./connect-error.ts";
import { beginServedSpan } from "./rpc-spans.ts";
import { codeName, toGrpcStatus } from "./rpc-status.ts";
import { ServiceError } from "./service-error.ts";
import { inSpan, type Span } from "./span.ts";
import type { Tracing } from "./tracing.ts";

const CALL_ENDED = new ConnectError("the call has ended", Code.Canceled);

/** Told of each finished call; `thrown` is what the handler threw, if it did. */
export type OnCall = (call: {
  method: DescMethod;
  headers: Headers;
  code: string;
  seconds: number;
  thrown?: unknown;
  /** Where the call is recorded; ended by who is told. */
  span: Span | undefined;
}) => void;

/** What all methods of a server share. */
export interface CallOptions {
  /** The `domain` of their errors, such as `inventory.tessera`. */
  domain: string;
  onCall: OnCall;
  /** Records the calls that their callers record. Defaults to none. */
  tracing?: Tracing | undefined;
}

/**
 * Serves unary Connect handlers from a grpc-js server.
 *
 * Handlers are written once, against Connect's types: they are served here as gRPC, on the HTTP
 * port as Connect, and called in tests without a port.
 */
export function addService<S extends DescService>(
  server: Server,
  service: S,
  implementation: ServiceImpl<S>,
  options: CallOptions,
): void {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    if (method.methodKind !== "unary") {
      throw new TypeError(`${service.typeName}.${method.name} is not unary`);
    }
    definition[method.localName] = methodDefinition(method);
    handlers[method.localName] = unaryHandler(method, implementation[method.localName], options);
  }
  server.addService(definition, handlers);
}

/** grpc-js wants serializers; the descriptor knows both messages. */
function methodDefinition(method: DescMethod): ServiceDefinition[string] {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => Buffer.from(toBinary(method.input, message)),
    // Read by the handler: what is no message here, grpc-js would call INTERNAL, and tell nobody.
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (message) => Buffer.from(toBinary(method.output, message)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

function unaryHandler(
  method: DescMethod,
  handler: unknown,
  { domain, onCall, tracing }: CallOptions,
): handleUnaryCall<Buffer, unknown> {
  if (typeof handler !== "function") {
    throw new TypeError(`${method.name} has no handler`);
  }
  return async (call, callback) => {
    const startTime = performance.now();
    const abort = new AbortController();
    // Comes with the end of every call; without a reason, each would make one, stack trace and all.
    call.on("cancelled", () => abort.abort(CALL_ENDED));
    const headers = headersOf(call.metadata);
    const span = beginServedSpan(tracing, method, headers);
    const deadline = call.getDeadline();
    const context = createHandlerContext({
      service: method.parent,
      method,
      protocolName: "grpc",
      requestMethod: "POST",
      url: `http://localhost${call.getPath()}`,
      ...(deadline === Number.POSITIVE_INFINITY
        ? {}
        : { timeoutMs: Number(deadline) - Date.now() }),
      requestSignal: abort.signal,
      requestHeader: headers,
    });
    const done = (code: string, thrown?: unknown) => {
      const seconds = (performance.now() - startTime) / 1000;
      onCall({ method, headers, code, seconds, thrown, span });
    };
    try {
      const request = requestOf(method, call.request);
      const response = await inSpan(span, () => handler(request, context));
      // Nobody hears an answer that comes too late, whatever was done for it.
      const isLate = context.signal.aborted;
      callback(null, create(method.output, response));
      done(isLate ? lateCode(context.timeoutMs()) : "OK");
    } catch (thrown) {
      const failure = toConnectError(thrown, domain);
      callback(toGrpcStatus(failure));
      const isLate = context.signal.aborted && failure.code === Code.Canceled;
      done(isLate ? lateCode(context.timeoutMs()) : codeName(failure.code), thrown);
    } finally {
      context.abort(CALL_ENDED);
    }
  };
}

/**
 * A caller whose time is over hangs up, and that may come a moment before the time is over here: its
 * clock began as much earlier as the call was on its way. In milliseconds.
 */
const MOMENT_MS = 10;

/** What the caller was told instead. */
function lateCode(leftMs = Number.POSITIVE_INFINITY): string {
  return leftMs <= MOMENT_MS ? "DEADLINE_EXCEEDED" : "CANCELLED";
}

/** Reads a request. Throws MALFORMED_REQUEST. */
function requestOf({ input }: DescMethod, bytes: Buffer): Message {
  try {
    return fromBinary(input, bytes);
  } catch (cause) {
    throw malformed(`the bytes are no ${input.name}`, cause);
  }
}

function malformed(message: string, cause: unknown): ServiceError {
  return new ServiceError("MALFORMED_REQUEST", message, { cause });
}

function headersOf(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(metadata.getMap())) {
    if (typeof value === "string") {
      headers.set(name, value);
    }
  }
  return headers;
}

/** Listens on every interface; resolves to the port, which matters when `port` is 0. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${port}`, ServerCredentials.createInsecure(), (failure, bound) => {
      if (failure === null) {
        resolve(bound);
      } else {
        reject(new Error(`cannot listen on port ${port}: ${failure.message}`, { cause: failure }));
      }
    });
  });
}

/** Lets calls in flight finish, for `graceMs` at most. */
export function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
