import { type PassHolder, type PassKeys, verifyPass } from "@tessera/admission-pass";
import type { Exchange } from "./exchange.ts";

/**
 * The pass that a buyer shows in the `Admission-Pass` header; empty when there is none, which is
 * for reservation-svc to judge.
 *
 * Throws PASS_INVALID for one that is forged, another's or another event's: it costs no RPC. One
 * that looks late is handed on: the waiting room's clock says what is late, and whoever reserved in
 * time and lost the answer asks again with it, and must get that answer.
 */
export async function admissionPassOf(
  { request }: Exchange,
  holder: PassHolder,
  keys: PassKeys,
): Promise<string> {
  const pass = request.headers["admission-pass"];
  if (typeof pass !== "string" || pass === "") {
    return "";
  }
  await verifyPass(pass, holder, keys);
  return pass;
}
