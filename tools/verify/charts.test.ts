import { cpSync, mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { problemsOf } from "./charts.ts";
import { CHARTS_FOLDER, renderAll } from "./render-charts.ts";

/** A change to one file of the charts. */
interface Fault {
  file: string;
  from: string | RegExp;
  to: string;
}

const LIBRARY = "service/templates";

describe("the charts' checks", () => {
  it("find nothing where nothing was planted", async () => {
    expect(await problemsWith()).to.deep.equal([]);
  });

  const faults: Record<string, Fault & { problem: RegExp }> = {
    "a Service whose port the pod does not have": {
      file: `${LIBRARY}/_service.tpl`,
      from: "targetPort: {{ .name }}",
      to: "targetPort: {{ .name }}-port",
      problem: /Service bff: its pods have no port http-port/,
    },
    "a key that the Secret does not have": {
      file: `${LIBRARY}/_pod.tpl`,
      from: /range .values.secrets.names/,
      to: 'range append .values.secrets.names "REDIS_PASSWORD"',
      problem: /wants key REDIS_PASSWORD of Secret user-svc/,
    },
    "settings that are no part of the pod": {
      file: `${LIBRARY}/_pod.tpl`,
      from: "\nports:",
      to: "\nenvFrom:\n  - configMapRef: {name: {{ .chart.Name }}}\nports:",
      problem: /bff reads settings that change under the pods of old releases/,
    },
    "a prod that takes whatever is merged": {
      file: "apps/values-prod.yaml",
      from: "revision: prod",
      to: "revision: main",
      problem: /prod follows main, as staging does/,
    },
    "a probe of a path that nobody answers": {
      file: `${LIBRARY}/_pod.tpl`,
      from: "path: /readyz",
      to: "path: /healthz",
      problem: /the readiness probe asks for \/healthz, which nobody answers/,
    },
    "a probe of a port that answers something else": {
      file: "bff/values.yaml",
      from: "probePort: admin",
      to: "probePort: http",
      problem: /the liveness probe asks port http; 9050 answers it/,
    },
    "a secret that the program requires and nobody gives": {
      file: "reservation-svc/values.yaml",
      from: "MYSQL_URL, REDIS_URL, PASS_SECRETS",
      to: "MYSQL_URL, REDIS_URL",
      problem: /reservation-svc refuses its environment: [\s\S]*PASS_SECRETS is required/,
    },
    "a setting that does not go with another": {
      file: "user-svc/values.yaml",
      from: "LOG_LEVEL: info",
      to: "LOG_LEVEL: info\n    HASH_CONCURRENCY: 1024",
      problem: /HASH_CONCURRENCY must be an integer from 1 to \d+/,
    },
    "a setting that the schema forgot": {
      file: "user-svc/values.schema.json",
      from: '"HASH_QUEUE"',
      to: '"HASH_LINE"',
      problem: /user-svc reads HASH_QUEUE, which its schema does not have/,
    },
    "a setting that may be more than the program accepts": {
      file: "reservation-svc/values.schema.json",
      from: '"maximum": 128',
      to: '"maximum": 500',
      problem: /takes BATCH_SIZE from 1 to 128, its schema from 1 to 500/,
    },
    "a time to stop in that the program does not accept": {
      file: "service/values.schema.json",
      from: '"graceMs": { "type": "integer", "minimum": 100',
      to: '"graceMs": { "type": "integer", "minimum": 0',
      problem: /takes GRACE_MS from 100 to 60000, its schema from 0 to 60000/,
    },
    "an address that nobody serves": {
      file: "bff/values.yaml",
      from: "USER_ADDRESS: user-svc:50053",
      to: "USER_ADDRESS: user-svc:9053",
      problem: /USER_ADDRESS is user-svc:9053, and no gRPC is served there/,
    },
    "a network policy that keeps a caller out": {
      file: "inventory-svc/values.yaml",
      from: /\n +- \{ ?workload: reservation-svc.*\n/,
      to: "\n",
      problem: /reservation-svc may call inventory-svc:4143, which does not let it in/,
    },
    "a grace period without what the program needs": {
      file: `${LIBRARY}/_pod.tpl`,
      from: "{{- $given | default $needed -}}",
      to: "20",
      problem: /reservation-svc may take \d+ s to stop, and is killed after 20 s/,
    },
    "an autoscaler beside fixed replicas": {
      file: `${LIBRARY}/_deployment.tpl`,
      from: '{{- else if eq .values.autoscaling.by "none" }}',
      to: "{{- else }}",
      problem: /bff has replicas and an autoscaler, or neither/,
    },
    "pods of a Deployment whose Rollout runs them": {
      file: `${LIBRARY}/_deployment.tpl`,
      from: "replicas: 0",
      to: "replicas: 1",
      problem: /bff runs pods beside those of its Rollout/,
    },
    "migrations before the account they run as": {
      file: `${LIBRARY}/_migrations.tpl`,
      from: 'sync-wave: "-1"',
      to: 'sync-wave: "-2"',
      problem: /a ServiceAccount comes after the migrations, which need it/,
    },
  };
  for (const [name, { problem, ...fault }] of Object.entries(faults)) {
    it(`find ${name}`, async () => {
      expect((await problemsWith(fault)).join("\n")).to.match(problem);
    });
  }

  const refused: Record<string, Fault & { words: RegExp }> = {
    "a key that no schema knows": {
      file: "bff/values-prod.yaml",
      from: "service:",
      to: "service:\n  replica: 3",
      words: /additional properties 'replica' not allowed/,
    },
    "a setting that the program does not have": {
      file: "bff/values.yaml",
      from: "LOG_LEVEL: info",
      to: "LOGLEVEL: info",
      words: /additional properties 'LOGLEVEL' not allowed/,
    },
    "a setting out of its range": {
      file: "inventory-svc/values.yaml",
      from: "MYSQL_POOL_SIZE: 16",
      to: "MYSQL_POOL_SIZE: 5000",
      words: /at '\/service\/config\/MYSQL_POOL_SIZE'/,
    },
    "an image by its tag": {
      file: "bff/ci/values.yaml",
      from: /digest: .*/,
      to: 'digest: ""\n    tag: latest',
      words: /at '\/image/,
    },
    "two places for a secret": {
      file: "bff/values-prod.yaml",
      from: "secrets:",
      to: "secrets:\n    existing: another",
      words: /at '\/secrets/,
    },
    "triggers of KEDA beside another autoscaler": {
      file: "bff/values-prod.yaml",
      from: "autoscaling:",
      to: "autoscaling:\n    keda: { prometheus: [{ query: up, threshold: 1 }] }",
      words: /at '\/autoscaling/,
    },
    "a grace period that is too short": {
      file: "bff/values-prod.yaml",
      from: "service:",
      to: "service:\n  shutdown: { terminationGracePeriodSeconds: 20 }",
      words: /terminationGracePeriodSeconds is 20, and stopping takes up to \d+/,
    },
  };
  for (const [name, { words, ...fault }] of Object.entries(refused)) {
    it(`are not needed for ${name}: helm refuses it`, async () => {
      const outcome = await problemsWith(fault).then(
        () => "nothing was refused",
        (reason: unknown) => String(reason),
      );
      expect(outcome).to.match(words);
    });
  }
});

/** The problems of a copy of the charts into which a fault was planted. */
async function problemsWith(fault?: Fault): Promise<string[]> {
  using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-planted-"));
  cpSync(CHARTS_FOLDER, folder.path, { recursive: true });
  if (fault !== undefined) {
    plant(folder.path, fault);
  }
  return problemsOf(folder.path, await renderAll(folder.path));
}

function plant(folder: string, { file, from, to }: Fault): void {
  const path = join(folder, file);
  const before = readFileSync(path, "utf8");
  const after = before.replace(from, to);
  expect(after, `${file} has ${from}`).to.not.equal(before);
  writeFileSync(path, after);
}
