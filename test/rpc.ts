import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";

/** Opens typed clients on ports, and closes them when the file's tests are over. */
export function useClients(): <S extends DescService>(service: S, port: number) => Client<S> {
  const transports: GrpcTransport[] = [];
  after(() => {
    for (const transport of transports) {
      transport.close();
    }
  });
  return (service, port) => {
    const transport = new GrpcTransport({
      address: `127.0.0.1:${port}`,
      defaultTimeoutMs: 10_000,
    });
    transports.push(transport);
    return createClient(service, transport);
  };
}
