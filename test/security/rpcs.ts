import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ROOT, SERVICES, type ServiceName } from "@tessera/testkit/services";

/** An RPC, and the service that answers it. */
export interface Rpc {
  method: DescMethod;
  service: ServiceName;
}

const GENERATED = join(ROOT, "proto", "gen");

/** Every RPC of every service that the contract has: a new one is here by itself. */
export async function rpcs(): Promise<Rpc[]> {
  const files = readdirSync(GENERATED, { recursive: true, encoding: "utf8" });
  const modules = await Promise.all(
    files
      .filter((file) => file.endsWith("_service_pb.ts"))
      .sort()
      .map(async (file): Promise<object> => await import(join(GENERATED, file))),
  );
  return modules
    .flatMap((module) => Object.values(module).filter(isService))
    .flatMap((desc) => desc.methods.map((method) => ({ method, service: serviceOf(desc) })));
}

function isService(exported: unknown): exported is DescService {
  return Object(exported).kind === "service";
}

/** `tessera.inventory.v1` is inventory-svc's. */
function serviceOf({ file }: DescService): ServiceName {
  const [, role] = file.proto.package.split(".");
  const service = SERVICES.find((name) => name === `${role}-svc`);
  if (service === undefined) {
    throw new Error(`no service serves ${file.proto.package}`);
  }
  return service;
}
