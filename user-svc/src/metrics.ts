import { queueMetrics } from "@tessera/service-kit/metrics";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { App, SignInOutcome } from "./app/app.ts";

/** From 1 ms (tests' cost) to 1 s; a hash at the default cost takes about 20 ms. Seconds. */
const HASH_BUCKETS = [0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1];

/** Registers the service's own metrics; `hashed` is told how long one hash took, in seconds. */
export function userMetrics(
  registry: Registry,
  { gate, signedIn }: Pick<App, "gate" | "signedIn">,
) {
  const registers = [registry];
  const hashing = new Histogram({
    name: "tessera_password_hash_seconds",
    help: "How long one password hash took, without waiting.",
    buckets: HASH_BUCKETS,
    registers,
  });
  new Gauge({
    name: "tessera_password_hash_queue_depth",
    help: "Callers that wait for a password to be hashed.",
    registers,
    collect() {
      this.set(gate.depth);
    },
  });
  queueMetrics(registry, { signed_in: () => signedIn.depth });
  const signIns = new Counter({
    name: "tessera_sign_ins_total",
    help: "Sign-ins, by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  const replays = new Counter({
    name: "tessera_refresh_replays_total",
    help: "Sessions that ended because a used refresh token came again.",
    registers,
  });
  return {
    hashed: (seconds: number) => hashing.observe(seconds),
    signIn: (outcome: SignInOutcome) => signIns.inc({ outcome }),
    refreshReplay: () => replays.inc(),
  };
}
