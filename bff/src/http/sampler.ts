import type { TraceContext } from "@tessera/service-kit/trace-context";

/** What OTEL_TRACES_SAMPLER may be: OpenTelemetry's own words. */
export const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/** Decides whether a request is recorded, given what its client says of its trace. */
export type Sampler = (caller: TraceContext | undefined) => boolean;

/**
 * The sampler of that name. Those that are `parentbased` do as the client does, which is right
 * behind a gateway of ours and nowhere else: anybody can claim to be sampled. A ratio is decided
 * by chance and not by the trace id, because that may be the client's choice as well.
 */
export function samplerOf(word: (typeof SAMPLERS)[number], ratio: number): Sampler {
  const followsCaller = word.startsWith("parentbased_");
  const share = word.endsWith("always_on") ? 1 : word.endsWith("always_off") ? 0 : ratio;
  return (caller) =>
    followsCaller && caller !== undefined ? caller.isSampled : Math.random() < share;
}
