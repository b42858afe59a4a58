/** A mistake or a lack that the person at the keyboard can mend; the message is all they need. */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
}
