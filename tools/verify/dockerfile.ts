import { DockerfileParser, type Instruction } from "dockerfile-ast";

/** What the rest of the tree says, and a Dockerfile must agree with. */
export interface DockerfileFacts {
  /** The folders of the workspaces. */
  workspaces: readonly string[];
  /** The Node that the launcher brings. */
  nodeVersion: string;
  /** What runs a workload, with the flags that the measurements were made with. */
  command: readonly string[];
  /** The bounds of memory that the measurements were made with, as ENV says them. */
  memory: readonly string[];
}

/** A stage of a Dockerfile. */
interface Stage {
  name: string | undefined;
  instructions: Instruction[];
}

/** Each hides something, or does what is done elsewhere: probes are the orchestrator's. */
const NOT_HERE = ["ADD", "HEALTHCHECK", "MAINTAINER", "ONBUILD", "SHELL", "VOLUME"];

/** What is wrong with a Dockerfile of ours; nothing when it is as it should be. */
export function dockerfileFaults(text: string, facts: DockerfileFacts): string[] {
  const instructions = DockerfileParser.parse(text).getInstructions();
  const stages = stagesOf(instructions);
  const last = stages.at(-1)?.instructions ?? [];
  return [
    ...baseFaults(instructions, stages, facts),
    ...imageFaults(last, facts),
    ...instructions
      .filter((instruction) => NOT_HERE.includes(keyword(instruction)))
      .map((instruction) => `${keyword(instruction)} has no place here`),
    ...argumentsOf(instructions, "COPY")
      .filter((copied) => /^[.*]/.test(copied) && !copied.startsWith(".npmrc "))
      .map((copied) => `COPY ${copied} does not say what it copies`),
    ...instructions
      .filter((instruction) => ["ARG", "ENV"].includes(keyword(instruction)))
      .filter((instruction) => /PASSWORD|SECRET|TOKEN|_KEY\b/i.test(content(instruction)))
      .map(
        (instruction) => `${keyword(instruction)} ${content(instruction)} would stay in the image`,
      ),
    ...facts.workspaces
      .filter(
        (folder) =>
          !argumentsOf(instructions, "COPY").includes(`${folder}/package.json ${folder}/`),
      )
      .map((folder) => `npm ci would not find ${folder}/package.json`),
  ];
}

/** What every stage stands on is one image, in an exact version. */
function baseFaults(
  instructions: readonly Instruction[],
  stages: readonly Stage[],
  { nodeVersion }: DockerfileFacts,
): string[] {
  const base = argumentsOf(instructions, "ARG").find((argument) => argument.startsWith("BASE="));
  const names = stages.map(({ name }) => name);
  const isPinned = base?.startsWith(`BASE=docker.io/library/node:${nodeVersion}-`) === true;
  return [
    ...(isPinned ? [] : [`BASE is not node:${nodeVersion}-…, the Node of tools/with-node-24.mjs`]),
    ...argumentsOf(instructions, "FROM")
      .map((argument) => argument.split(" ")[0] ?? "")
      .filter((image) => image !== `\${BASE}` && !names.includes(image))
      .map((image) => `FROM ${image} is not the BASE`),
  ];
}

/** What is run must be able to do little, and hear signals. */
function imageFaults(last: readonly Instruction[], { command, memory }: DockerfileFacts): string[] {
  const wanted: readonly [string, string, string][] = [
    ["USER", "10001:10001", "the workload would be somebody else, or root"],
    ["WORKDIR", `/app/\${WORKLOAD}`, "its sources are elsewhere"],
    ["STOPSIGNAL", "SIGTERM", "it drains on this signal"],
    ["ENTRYPOINT", "[]", "the base's is a shell"],
    [
      "CMD",
      `[${command.map((word) => `"${word}"`).join(", ")}]`,
      "a shell would keep signals to itself",
    ],
  ];
  const environment = argumentsOf(last, "ENV").join(" ");
  return [
    ...wanted
      .filter(([name, value]) => argumentsOf(last, name).at(-1) !== value)
      .map(([name, value, why]) => `${name} is not ${value}: ${why}`),
    ...(last.some((instruction) => keyword(instruction) === "RUN")
      ? ["the last stage has a RUN: another platform's image would need emulation"]
      : []),
    ...(environment.includes("NODE_ENV=production") ? [] : ["NODE_ENV is not production"]),
    ...memory.filter((bound) => !environment.includes(bound)).map((bound) => `ENV lacks ${bound}`),
  ];
}

function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const stages: Stage[] = [];
  for (const instruction of instructions) {
    if (keyword(instruction) === "FROM") {
      const [, name] = / as (\S+)$/i.exec(content(instruction)) ?? [];
      stages.push({ name, instructions: [] });
    }
    stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** What follows each instruction of that name, its flags left out. */
function argumentsOf(instructions: readonly Instruction[], name: string): string[] {
  return instructions.filter((instruction) => keyword(instruction) === name).map(content);
}

function keyword(instruction: Instruction): string {
  return instruction.getKeyword();
}

function content(instruction: Instruction): string {
  return instruction.getArgumentsContent() ?? "";
}
