import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { expect } from "chai";
import { versionFaults, workflowFaults } from "./workflow-rules.ts";

const CI = readFileSync(join(ROOT, ".github", "workflows", "ci.yaml"), "utf8");

describe("the workflows' checks", () => {
  it("find nothing where nothing was planted", () => {
    const folder = join(ROOT, ".github", "workflows");
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
    expect(texts.flatMap(workflowFaults)).to.deep.equal([]);
    expect(versionFaults(texts)).to.deep.equal([]);
  });

  const faults: Record<string, [from: RegExp, to: string, fault: RegExp]> = {
    "an action that is named by a tag": [
      /actions\/checkout@\S+ # \S+/,
      "actions/checkout@v6",
      /actions\/checkout@v6 is not a commit/,
    ],
    "a commit whose version nobody knows": [
      / # v6\.4\.0/,
      "",
      /setup-node@\w+ is not a commit with/,
    ],
    "rights for every job": [/permissions: \{\}/, "permissions: write-all", /are not \{\}/],
    "a job without an end": [/ {4}timeout-minutes: 15\n/, "", /check may take for ever/],
    "a job that may do what it likes": [
      / {4}permissions:\n {6}contents: read\n {4}steps:/,
      "    steps:",
      /check does not say what it may do/,
    ],
    "a title that becomes a script": [
      /run: npm run check/,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's expression.
      "run: echo ${{ github.event.pull_request.title }}",
      /check puts an expression into a script/,
    ],
    "a token that is left behind": [
      /persist-credentials: false/,
      "persist-credentials: true",
      /check leaves its token/,
    ],
    "a system that changes": [/ubuntu-24\.04/, "ubuntu-latest", /may be another system tomorrow/],
    "a container without a version": [
      / {4}timeout-minutes: 15\n/,
      "    timeout-minutes: 15\n    container: { image: node:lts }\n",
      /check runs in node:lts/,
    ],
    "secrets that nobody asked for": [
      / {4}secrets:\n {6}.*\n/,
      "    secrets: inherit\n",
      /staging gives all secrets/,
    ],
    "strangers' code with our rights": [/pull_request:/, "pull_request_target:", /strangers/],
  };
  for (const [name, [from, to, fault]] of Object.entries(faults)) {
    it(`find ${name}`, () => {
      const planted = CI.replace(from, to);
      expect(planted).to.not.equal(CI);
      expect(workflowFaults(planted).join("\n")).to.match(fault);
    });
  }

  it("find an action in two versions", () => {
    const other = CI.replace(/checkout@\w+/, `checkout@${"0".repeat(40)}`);
    expect(versionFaults([CI, other])).to.deep.equal(["actions/checkout is in 2 versions"]);
  });
});
