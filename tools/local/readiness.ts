import { setTimeout } from "node:timers/promises";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import type { Ports } from "./ports.ts";

/** How long a system may take to become ready, in milliseconds. */
const DEADLINE_MS = 90_000;

/** Resolves when every process answers 200 at its `/readyz`. */
export async function untilReady(ports: Ports): Promise<void> {
  const giveUpTime = Date.now() + DEADLINE_MS;
  await Promise.all([
    untilServiceReady("inventory-svc", ports.inventoryHttp, giveUpTime),
    untilServiceReady("reservation-svc", ports.reservationHttp, giveUpTime),
    untilServiceReady("user-svc", ports.userHttp, giveUpTime),
    untilServiceReady("bff", ports.bffAdmin, giveUpTime),
  ]);
}

/** True when the process whose `/readyz` is on this port says it can do its work. */
export async function isReady(port: number): Promise<boolean> {
  return (await askReady(port)) === "ok";
}

async function untilServiceReady(name: string, port: number, giveUpTime: number): Promise<void> {
  for (;;) {
    const answer = await askReady(port);
    if (answer === "ok") {
      return;
    }
    if (Date.now() > giveUpTime) {
      throw new OperatorError(`${name} does not become ready: ${answer}. See its log.`);
    }
    await setTimeout(100);
  }
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
