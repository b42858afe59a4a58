import { AsyncLocalStorage } from "node:async_hooks";
import { ServiceError } from "./service-error.ts";

/**
 * All that spans ever say. Ids of requests are fine; what names a person, what somebody wrote, and
 * what opens a door stays out: addresses, users, bodies, tokens, SQL, messages of errors.
 */
export const ATTRIBUTE_NAMES = [
  "db.namespace",
  "db.operation.name",
  "db.query.summary",
  "db.system.name",
  "error.type",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "rpc.method",
  "rpc.status_code",
  "rpc.system.name",
  "tessera.batch.size",
  "tessera.code",
  "tessera.request_id",
] as const;

/** What a span says of its work. */
export type Attributes = Readonly<
  Partial<Record<(typeof ATTRIBUTE_NAMES)[number], string | number>>
>;

/** How a span begins. */
export interface SpanStart {
  /** Whether it answers somebody, asks somebody, or is the process's own affair. */
  kind: "server" | "client" | "internal";
  attributes?: Attributes;
  /** Other spans whose work this is, too. */
  links?: readonly Span[];
}

/** How a span ends. */
export interface SpanEnd {
  /** Replaces the name that it began with. */
  name?: string;
  attributes?: Attributes;
  /** What went wrong: a word from a small set, never a message. */
  errorType?: string | undefined;
}

/** A piece of work that is recorded. Only requests that are sampled have spans. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** What whoever is called for it is told. */
  readonly traceparent: string;
  readonly isEnded: boolean;
  /** Begins a part of this work. */
  child(name: string, start: SpanStart): Span;
  /** Says that `other` is about this work, too. */
  link(other: Span): void;
  /** Ends it; once is enough. */
  end(end?: SpanEnd): void;
}

/** What the functions below read and set. Exported for store-spans.ts alone, which binds it to a channel. */
export const spanStorage = new AsyncLocalStorage<Span | undefined>({ name: "span" });

/**
 * The span that this code works for; undefined unless the request is sampled. What goes on after a
 * span's end is not its work.
 */
export function currentSpan(): Span | undefined {
  const span = spanStorage.getStore();
  return span?.isEnded === false ? span : undefined;
}

/** Does `work` for a span; what it awaits is done for the span as well. */
export function inSpan<T>(span: Span | undefined, work: () => T): T {
  return span === undefined ? work() : spanStorage.run(span, work);
}

/** Does `work` for nobody in particular, whoever caused it. */
export function outsideSpans<T>(work: () => T): T {
  return spanStorage.getStore() === undefined ? work() : spanStorage.exit(work);
}

/** One of several requests that are served together, and its span if it has one. */
export interface Carried {
  readonly span: Span | undefined;
}

/**
 * Does `work` for several requests at once.
 *
 * It gets a span of its own as soon as one of them has one: a child of the first, linked with all
 * the others, both ways. The work of a single one belongs to that one's span.
 */
export function inBatchSpan<T>(
  name: string,
  carried: readonly Carried[],
  work: () => Promise<T>,
): Promise<T> {
  const spans = distinctSpans(carried);
  if (spans === undefined) {
    return outsideSpans(work);
  }
  const [first, ...others] = spans;
  if (first === undefined || carried.length === 1) {
    return inSpan(first, work);
  }
  const batch = first.child(name, {
    kind: "internal",
    attributes: { "tessera.batch.size": carried.length },
    links: others,
  });
  for (const other of others) {
    other.link(batch);
  }
  return endWith(batch, inSpan(batch, work));
}

async function endWith<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    const result = await work;
    span.end();
    return result;
  } catch (reason) {
    span.end({ errorType: errorTypeOf(reason) });
    throw reason;
  }
}

/** Entries of one call have the same span. Undefined for none, as for nearly every batch. */
function distinctSpans(carried: readonly Carried[]): Set<Span> | undefined {
  let found: Set<Span> | undefined;
  for (const { span } of carried) {
    if (span !== undefined) {
      found ??= new Set();
      found.add(span);
    }
  }
  return found;
}

/** The kind of a failure, without a word of its message. */
export function errorTypeOf(reason: unknown): string {
  if (reason instanceof ServiceError) {
    return reason.reason;
  }
  if (!(reason instanceof Error)) {
    return "_OTHER";
  }
  const isCode = "code" in reason && typeof reason.code === "string";
  return isCode ? String(reason.code) : reason.name;
}
