import { REASONS } from "@tessera/proto/reasons";
import { asServiceError } from "@tessera/service-kit/connect-error";
import type { Logger } from "@tessera/service-kit/logger";

/** So long nothing may fail until it is said that all is well again, in milliseconds. */
const QUIET_MS = 5_000;

/**
 * Says once that reads begin to fail, and once that they work again: memory may hide from everybody
 * that a service is away. `now` defaults to `performance.now`.
 */
export function outageTold(logger: Logger, now: () => number = () => performance.now()) {
  let isFailing = false;
  let failTime = 0;
  const works = () => {
    // Where one in a few fails there would be two lines for each.
    if (isFailing && now() - failTime > QUIET_MS) {
      isFailing = false;
      logger.info("reads work again");
    }
  };
  const fails = (err: unknown) => {
    if (REASONS[asServiceError(err).reason].status < 500) {
      // A cursor that is none, or no such thing: the service is well.
      works();
      return;
    }
    if (!isFailing) {
      logger.warn({ err }, "reads fail");
    }
    isFailing = true;
    failTime = now();
  };
  return { works, fails };
}
