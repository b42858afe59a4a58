import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { expect } from "chai";
import { composeFaults, loadCompose } from "./compose-file.ts";
import { dockerfileFaults } from "./dockerfile.ts";
import { factsOfTree } from "./images.ts";
import { missingPackages } from "./lock-file.ts";

const DOCKERFILE = readFileSync(join(ROOT, "Dockerfile"), "utf8");

describe("the images' checks", () => {
  const faults: Record<string, [from: string | RegExp, to: string, fault: RegExp]> = {
    root: ["USER 10001:10001", "USER root", /USER is not 10001:10001/],
    "a user that became root again": ["STOPSIGNAL", "USER 0\nSTOPSIGNAL", /USER is not/],
    "a shell that keeps signals": [/CMD .*/, "CMD node src/main.ts", /CMD is not/],
    "a compiler that was not measured": ["--liftoff-only", "--wasm-tier-up", /CMD is not/],
    "the base's entry point": ["ENTRYPOINT []\n", "", /ENTRYPOINT is not/],
    "a base that changes": [/node:24\S+/, "node:lts", /BASE is not node:24/],
    "a stage on another base": [
      /FROM \$\{BASE\}\n/,
      "FROM debian\n",
      /FROM debian is not the BASE/,
    ],
    "a workspace that was forgotten": [/COPY bff\/package.json.*\n/, "", /not find bff\/package/],
    "a copy of everything": ["COPY proto proto", "COPY . .", /COPY \. \. does not say/],
    "a secret in a layer": ["ARG VERSION", "ARG NPM_TOKEN\nARG VERSION", /NPM_TOKEN would stay/],
    "a health check": ["STOPSIGNAL", "HEALTHCHECK NONE\nSTOPSIGNAL", /HEALTHCHECK has no place/],
    "another heap than was measured": ["space-size=192", "space-size=512", /lacks --max-old-space/],
    "other arenas than were measured": ["ARENA_MAX=2", "ARENA_MAX=1", /lacks MALLOC_ARENA_MAX=2/],
    "a RUN for every platform": ["STOPSIGNAL", "RUN true\nSTOPSIGNAL", /has a RUN/],
  };
  for (const [name, [from, to, fault]] of Object.entries(faults)) {
    it(`find in the Dockerfile ${name}`, () => {
      const planted = DOCKERFILE.replace(from, to);
      expect(planted).to.not.equal(DOCKERFILE);
      expect(dockerfileFaults(planted, factsOfTree()).join("\n")).to.match(fault);
    });
  }

  it("find a package that the lock file lacks", () => {
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    delete lock.packages["node_modules/@biomejs/cli-darwin-arm64"];
    expect(missingPackages(lock)).to.have.length(1);
  });

  it("find in compose.yaml what is open, unknown, missing or unbounded", async () => {
    const { services } = await loadCompose("compose.yaml");
    const bff = services.bff ?? {};
    const { PASS_SECRETS, ...environment } = bff.environment ?? {};
    expect(PASS_SECRETS).to.be.a("string");
    const planted = composeFaults({
      services: {
        ...services,
        redis: { ...services.redis, image: "redis:latest", deploy: {} },
        "user-svc": { ...services["user-svc"], read_only: false },
        "inventory-svc": {
          ...services["inventory-svc"],
          environment: { ...services["inventory-svc"]?.environment, MYSQL_POOL: "4" },
        },
        bff: { ...bff, environment, ports: [{ host_ip: "0.0.0.0", published: "8080" }] },
      },
    });
    expect(planted.join("\n")).to.match(/redis runs redis:latest/);
    expect(planted.join("\n")).to.match(/redis may use all memory/);
    expect(planted.join("\n")).to.match(/user-svc can write to its root/);
    expect(planted.join("\n")).to.match(/inventory-svc is given MYSQL_POOL, which it never reads/);
    expect(planted.join("\n")).to.match(/bff publishes 8080 to everybody/);
    expect(planted.join("\n")).to.match(/PASS_SECRETS is required/);
    expect(planted).to.have.length(6);
  });
});
