import { READABLE } from "@tessera/service-kit/readable-text";
import type { TextPattern } from "../http/object-reader.ts";

/** A name of a person or a thing. */
export const NAME: TextPattern = {
  regexp: READABLE,
  detail: "must have something to read and no control characters",
};

/** Something that other systems made. */
export const PRINTABLE_ASCII: TextPattern = {
  regexp: /^[\x20-\x7e]+$/,
  detail: "must have printable ASCII characters only",
};
