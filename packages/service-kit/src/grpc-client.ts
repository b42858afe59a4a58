import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { beginCallSpan, endCallSpan } from "./rpc-spans.ts";
import { codeName, fromGrpcStatus } from "./rpc-status.ts";
import { newTraceparent } from "./trace-context.ts";

/** How to reach a service. */
export interface GrpcTransportOptions {
  /** host:port. Cleartext HTTP/2: the mesh encrypts. */
  address: string;
  /** The deadline of calls that state none, in milliseconds. */
  defaultTimeoutMs: number;
}

/**
 * Connect's typed clients over grpc-js, which costs a fraction of connect-node's own transport.
 *
 * Unary only. It does not retry: in production the mesh does, where the proto allows it. Every call
 * says which trace it belongs to: that of the request it is made for, the one that the caller's
 * headers name, or else a new one.
 */
export class GrpcTransport implements Transport {
  readonly #client: Client;
  readonly #defaultTimeoutMs: number;

  constructor({ address, defaultTimeoutMs }: GrpcTransportOptions) {
    this.#defaultTimeoutMs = defaultTimeoutMs;
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 3_000,
      // A restarted neighbour is found again within half a second.
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.min_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 500,
      "grpc.max_receive_message_length": 4 * 1024 * 1024,
    });
  }

  unary: Transport["unary"] = (method, signal, timeoutMs, header, input) => {
    if (signal?.aborted) {
      return Promise.reject(new ConnectError("the caller went away", Code.Canceled));
    }
    const metadata = metadataOf(header);
    const span = beginCallSpan(method);
    if (span !== undefined) {
      metadata.set("traceparent", span.traceparent);
    } else if (metadata.get("traceparent").length === 0) {
      metadata.set("traceparent", newTraceparent());
    }
    const deadline = Date.now() + (timeoutMs ?? this.#defaultTimeoutMs);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: typeof input) =>
          Buffer.from(toBinary(method.input, create(method.input, message))),
        (bytes) => fromBinary(method.output, bytes),
        input,
        metadata,
        { deadline },
        (failure, message) => {
          signal?.removeEventListener("abort", cancel);
          endCallSpan(span, codeName(failure?.code ?? 0));
          if (failure !== null || message === undefined) {
            reject(
              failure === null
                ? new ConnectError("no message", Code.Internal)
                : fromGrpcStatus(failure),
            );
            return;
          }
          resolve({
            stream: false,
            service: method.parent,
            method,
            header: new Headers(),
            trailer: new Headers(),
            message,
          });
        },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener("abort", cancel, { once: true });
    });
  };

  stream: Transport["stream"] = (method) =>
    Promise.reject(new ConnectError(`${method.name} is not unary`, Code.Unimplemented));

  /** Ends the connection; calls in flight finish. */
  close(): void {
    this.#client.close();
  }
}

function metadataOf(header: ConstructorParameters<typeof Headers>[0]): Metadata {
  const metadata = new Metadata();
  if (header !== undefined) {
    for (const [name, value] of new Headers(header)) {
      metadata.set(name, value);
    }
  }
  return metadata;
}
