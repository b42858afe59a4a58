import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { lastLines } from "@tessera/testkit/stores/store-server";
import type { Ports } from "./ports.ts";

/** How long a system may take to become ready, in milliseconds. */
const DEADLINE_MS = 90_000;

/**
 * Resolves when every process answers 200 at its `/readyz`.
 *
 * @throws OperatorError that names the log of the one that is not ready itself.
 */
export async function untilReady(
  ports: Ports,
  logFolder: string,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const giveUpTime = Date.now() + deadlineMs;
  // Each after those that it calls: who is found first is not waiting for another.
  const inOrder = [
    ["inventory-svc", ports.inventoryHttp],
    ["user-svc", ports.userHttp],
    ["reservation-svc", ports.reservationHttp],
    ["bff", ports.bffAdmin],
  ] as const;
  for (const [name, port] of inOrder) {
    const answer = await lastAnswer(port, giveUpTime);
    if (answer !== "ok") {
      const logFile = join(logFolder, `${name}.log`);
      throw new OperatorError(
        `${name} does not become ready: ${answer}. Its log is ${logFile}${lastError(logFile)}`,
      );
    }
  }
}

/** True when the process whose `/readyz` is on this port says it can do its work. */
export async function isReady(port: number): Promise<boolean> {
  return (await askReady(port)) === "ok";
}

/** Asks until the answer is "ok", or there is no time left. */
async function lastAnswer(port: number, giveUpTime: number): Promise<string> {
  for (;;) {
    const answer = await askReady(port);
    if (answer === "ok" || Date.now() > giveUpTime) {
      return answer;
    }
    await setTimeout(100);
  }
}

/** The last line in which a service tells a failure, with what leads to it; else a full stop. */
function lastError(logFile: string): string {
  const line = lastLines(logFile, 1_000)
    .split("\n")
    .findLast((text) => text.startsWith('{"level":"error"') || text.startsWith('{"level":"warn"'));
  return line === undefined ? "." : `:\n${line.slice(0, 500)}`;
}

async function askReady(port: number): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
      signal: AbortSignal.timeout(2_000),
    });
    const text = (await response.text()).trim();
    return response.ok ? "ok" : text;
  } catch {
    return "it does not answer";
  }
}
