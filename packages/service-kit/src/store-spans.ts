import { tracingChannel } from "node:diagnostics_channel";
import { currentSpan, errorTypeOf, type Span, spanStorage } from "./span.ts";

/** What mysql2 tells of a statement, as far as anybody may know it. */
interface Statement {
  query: string;
  database: string;
  error?: unknown;
}

/** What ioredis tells of a command, as far as anybody may know it. */
interface Command {
  command: string;
  error?: unknown;
}

/** Words that begin statements. Whatever else stands in a statement may be somebody's. */
const STATEMENTS =
  /(?:^|;)\s*(SELECT|INSERT|UPDATE|DELETE|START TRANSACTION|COMMIT|ROLLBACK|SET)\b/g;

/**
 * Gives every statement and every Redis command a span, from now on, when it is sent for a request
 * that has one. Returns how to end that.
 *
 * Both drivers tell of what they do on channels of Node's, and look whether anybody listens.
 */
export function recordStores(): () => void {
  const ends = [
    recordChannel<Statement>("mysql2:query", statementSpan),
    recordChannel<Statement>("mysql2:execute", statementSpan),
    recordChannel<Command>("ioredis:command", commandSpan),
    keepSpanWhileWaiting("mysql2:pool:connect"),
  ];
  return () => {
    for (const end of ends) {
      end();
    }
  };
}

function statementSpan(parent: Span, { query, database }: Statement): Span {
  const words = Array.from(query.matchAll(STATEMENTS), ([, word = ""]) => word);
  const summary = [...new Set(words)].join(" ") || "OTHER";
  return parent.child(summary, {
    kind: "client",
    attributes: {
      "db.system.name": "mysql",
      "db.namespace": database,
      "db.operation.name": words.length > 1 ? "BATCH" : summary,
      "db.query.summary": summary,
    },
  });
}

function commandSpan(parent: Span, { command }: Command): Span {
  const name = command.toUpperCase();
  return parent.child(name, {
    kind: "client",
    attributes: { "db.system.name": "redis", "db.operation.name": name },
  });
}

function recordChannel<Message extends { error?: unknown }>(
  name: string,
  begin: (parent: Span, message: Message) => Span,
): () => void {
  const open = new WeakMap<object, Span>();
  const channel = tracingChannel<unknown, Message>(name);
  const subscribers = {
    start: (message: Message) => {
      const parent = currentSpan();
      if (parent !== undefined) {
        open.set(message, begin(parent, message));
      }
    },
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (message: Message) => {
      const { error } = message;
      // With null, mysql2 says that there was none.
      const hasFailed = error !== undefined && error !== null;
      open.get(message)?.end(hasFailed ? { errorType: errorTypeOf(error) } : {});
    },
    error: () => undefined,
  };
  channel.subscribe(subscribers);
  return () => void channel.unsubscribe(subscribers);
}

/**
 * A statement that waits for a connection begins in a callback of whoever gave the connection
 * back: it shall find the span of the request that it waited for.
 */
function keepSpanWhileWaiting(name: string): () => void {
  const asked = new WeakMap<object, Span | undefined>();
  const { start, asyncStart } = tracingChannel<Span | undefined, object>(name);
  const onStart = (message: unknown) => {
    if (typeof message === "object" && message !== null) {
      asked.set(message, currentSpan());
    }
  };
  start.subscribe(onStart);
  asyncStart.bindStore(spanStorage, (message) => asked.get(message));
  return () => {
    start.unsubscribe(onStart);
    asyncStart.unbindStore(spanStorage);
  };
}
