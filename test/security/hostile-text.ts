import fc from "fast-check";

/** Texts that break whatever pastes them into SQL, Lua, JSON, a key, a log line or a page. */
export const HOSTILE_TEXTS: readonly string[] = [
  `'; DROP TABLE events; --`,
  `" OR ""="`,
  `\\' OR 1=1 /* `,
  `\\`,
  `0x27 OR SLEEP(5)#`,
  // In GBK the second byte swallows the backslash that would escape the quote.
  "\u00bf' OR 1=1 -- ",
  "\u02bc OR 1=1",
  "%",
  "_%",
  "\\%\\_",
  "?, ?, ??",
  ":name @@version `id`",
  "a\u0000b",
  "line\r\nSet-Cookie: a=b",
  `line\n{"level":"error","msg":"forged"}`,
  "\u2028\u2029\u0085",
  "\u001b[2J\u0007",
  "{room}:{other}:x",
  `"]]) redis.call("FLUSHALL") --[[`,
  "*1\r\n$8\r\nFLUSHALL\r\n",
  `{"$gt":""}`,
  `","quantity":1,"x":"`,
  "__proto__",
  "constructor",
  "toString",
  "../../../etc/passwd",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what an attacker types.
  "${jndi:ldap://x} {{7*7}} %s%n $(id) `id`",
  "<script>alert(1)</script>",
  "\u202eexe.tac",
  "e\u0301\u0301\u0301 \u{1f468}\u200d\u{1f469}\u200d\u{1f466} \ufeff",
  "\ud800",
  "x\udfff",
  "",
  " ",
  "NaN",
  "-0",
  "1e999",
  "null",
  "a".repeat(5_000),
  "\u{1f3ab}".repeat(300),
];

/** Any of them, and texts that nobody thought of. */
export const hostileText = (): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  );
