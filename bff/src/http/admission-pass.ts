import { type PassHolder, type PassKeys, verifyPass } from "@tessera/admission-pass";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Exchange } from "./exchange.ts";

/**
 * The pass that a buyer shows in the `Admission-Pass` header; empty when there is none, which is
 * for reservation-svc to judge.
 *
 * Throws PASS_INVALID for one that is forged, another's or another event's: it costs no RPC. One
 * that is only late is handed on: whoever reserved in time and lost the answer asks again with it,
 * and must get that answer.
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
  try {
    await verifyPass(pass, holder, { keys });
  } catch (refusal) {
    if (!(refusal instanceof ServiceError && refusal.reason === "PASS_EXPIRED")) {
      throw refusal;
    }
  }
  return pass;
}
