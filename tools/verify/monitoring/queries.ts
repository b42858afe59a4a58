/** A metric that a query names, with the labels that it chooses series by. */
export interface Selector {
  metric: string;
  /** Name, operator and value of each. */
  matchers: { label: string; operator: string; value: string }[];
}

const WORDS = new Set(["and", "or", "unless", "bool", "offset", "inf", "nan"]);
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi;
const SELECTOR = /(?<![\w.:])([a-zA-Z_:][\w:]*)(?:\s*(\{[^}]*\}))?(\s*\()?/g;
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"(\d+)"/g;

/** The metrics of a query. promtool says whether the query is one at all. */
export function selectorsOf(query: string): Selector[] {
  const texts: string[] = [];
  // Texts may hold any character; their numbers stand for them meanwhile.
  const bare = query
    .replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_whole, text: string) => `"${texts.push(text) - 1}"`)
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(GROUPING, " ");
  return [...bare.matchAll(SELECTOR)]
    .filter(([, name = "", , call]) => call === undefined && !WORDS.has(name.toLowerCase()))
    .map(([, metric = "", braces = ""]) => ({
      metric,
      matchers: [...braces.matchAll(MATCHER)].map(([, label = "", operator = "", number]) => ({
        label,
        operator,
        value: texts[Number(number)] ?? "",
      })),
    }));
}
