import { ServiceError } from "./service-error.ts";

/**
 * Settles as `work` does, or rejects with DEADLINE_EXCEEDED after `timeoutMs`.
 *
 * The work itself goes on: use it where a library offers no deadline of its own.
 */
export async function within<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new ServiceError("DEADLINE_EXCEEDED", `${what} took longer than ${timeoutMs} ms`, {
          metadata: { what },
        }),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
