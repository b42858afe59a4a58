import { parse } from "yaml";

/** A workflow, as far as it is looked at here. */
interface Workflow {
  on: unknown;
  permissions?: unknown;
  concurrency?: unknown;
  jobs: Readonly<Record<string, Job>>;
}

interface Job {
  uses?: string;
  "runs-on"?: string;
  "timeout-minutes"?: number;
  permissions?: Readonly<Record<string, string>>;
  container?: { image: string };
  secrets?: unknown;
  steps?: readonly Step[];
}

interface Step {
  uses?: string;
  run?: string;
  with?: Readonly<Record<string, unknown>>;
}

/** What a workflow may do that it should not. */
export function workflowFaults(text: string): string[] {
  const workflow: Workflow = parse(text);
  return [
    ...pinFaults(text),
    ...(/\bpull_request_target\b/.test(text)
      ? ["pull_request_target gives strangers' code our rights"]
      : []),
    ...(JSON.stringify(workflow.permissions) === "{}"
      ? []
      : ["permissions at the top are not {}: each job asks for its own"]),
    ...(workflow.concurrency === undefined ? ["has no concurrency"] : []),
    ...Object.entries(workflow.jobs).flatMap(([name, job]) =>
      jobFaults(job).map((fault) => `${name} ${fault}`),
    ),
  ];
}

/** A tag can be moved to other code, a commit cannot; its version is for people and Dependabot. */
function pinFaults(text: string): string[] {
  return [...text.matchAll(/^[\s-]*uses:\s*(\S+)(.*)$/gm)]
    .filter(([, action = ""]) => !action.startsWith("./"))
    .filter(
      ([, action = "", comment = ""]) =>
        !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(action) || !/^ # v\d+\.\d+\.\d+$/.test(comment),
    )
    .map(([, action]) => `${action} is not a commit with its version as a comment`);
}

function jobFaults(job: Job): string[] {
  const { permissions = {}, container, steps = [] } = job;
  const isCaller = job.uses !== undefined;
  return [
    ...(job.permissions === undefined ? ["does not say what it may do"] : []),
    ...(isCaller || job["timeout-minutes"] !== undefined ? [] : ["may take for ever"]),
    ...(isCaller || /-\d+\.\d+$/.test(job["runs-on"] ?? "")
      ? []
      : ["runs on what may be another system tomorrow"]),
    ...(container === undefined || /:\d+\.\d+\.\d+/.test(container.image)
      ? []
      : [`runs in ${container.image}, which may be another image tomorrow`]),
    ...(job.secrets === "inherit" ? ["gives all secrets, and not those that are needed"] : []),
    ...steps
      .filter(({ run = "" }) => run.includes("${{"))
      .map(({ run = "" }) => `puts an expression into a script: ${run.split("\n")[0]}`),
    ...steps
      .filter(({ uses = "" }) => uses.startsWith("actions/checkout@"))
      .filter((step) => step.with?.["persist-credentials"] !== false)
      .filter(() => permissions.contents !== "write")
      .map(() => "leaves its token in the clone"),
  ];
}

/** Actions that are in more than one version, each named once. */
export function versionFaults(texts: readonly string[]): string[] {
  const versions = new Map<string, Set<string>>();
  for (const text of texts) {
    for (const [, action = "", version = ""] of text.matchAll(/uses:\s*([\w./-]+)@(\S+)/g)) {
      versions.set(action, (versions.get(action) ?? new Set()).add(version));
    }
  }
  return [...versions]
    .filter(([, found]) => found.size > 1)
    .map(([action, found]) => `${action} is in ${found.size} versions`);
}
