/** k6's own; its types leave it out. */
declare const console: { error: (text: string) => void };
