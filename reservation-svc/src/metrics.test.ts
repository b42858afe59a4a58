import { expect } from "chai";
import { Registry } from "prom-client";
import { reservationMetrics } from "./metrics.ts";

describe("reservationMetrics", () => {
  it("counts what happens, under the documented names", async () => {
    const registry = new Registry();
    const metrics = reservationMetrics(registry);
    metrics.onReserve("SOLD_OUT");
    metrics.onBreaker(true);
    metrics.onSweep({
      ...{ expired: 3, resumed: 2, lagSeconds: 0.5 },
      ...{ confirmingAges: [70], unreleasedAges: [2.5] },
    });
    metrics.onRelay({ published: 9, lagSeconds: 0.25 });
    metrics.combiner.batch(64);
    metrics.combiner.lockWait(0.002);
    metrics.combiner.lockHold(0.9);
    metrics.combiner.lockLost();
    metrics.combiner.lockBypassed("busy");
    let depth = 4;
    metrics.watchQueues({ ledger: () => depth });
    depth = 5;
    const lines = (await registry.metrics()).split("\n");
    for (const line of [
      'tessera_reserve_outcomes_total{outcome="SOLD_OUT"} 1',
      "tessera_redis_breaker_open 1",
      'tessera_swept_total{kind="expired"} 3',
      'tessera_swept_total{kind="resumed"} 2',
      "tessera_sweep_lag_seconds 0.5",
      'tessera_resumed_age_seconds_bucket{le="60",kind="confirming"} 0',
      'tessera_resumed_age_seconds_bucket{le="120",kind="confirming"} 1',
      'tessera_resumed_age_seconds_bucket{le="5",kind="unreleased"} 1',
      "tessera_outbox_published_total 9",
      "tessera_outbox_lag_seconds 0.25",
      'tessera_combiner_batch_size_bucket{le="64"} 1',
      "tessera_lock_wait_seconds_count 1",
      "tessera_lock_hold_seconds_sum 0.9",
      "tessera_lock_lost_total 1",
      'tessera_lock_bypassed_total{why="busy"} 1',
      'tessera_queue_depth{queue="ledger"} 5',
    ]) {
      expect(lines).to.include(line);
    }
    metrics.onBreaker(false);
    expect(await registry.metrics()).to.include("tessera_redis_breaker_open 0");
  });
});
