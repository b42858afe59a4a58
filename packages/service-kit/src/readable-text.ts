/**
 * A name that people read: with something to be seen in it, and without control characters, halves of
 * characters, or what turns the direction of the text around it (U+202A to U+202E, U+2066 to U+2069).
 * Joiners are welcome: Persian names and families of emoji have them.
 */
export const READABLE = /^(?=.*[^\p{Z}\p{C}])[^\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]+$/u;
