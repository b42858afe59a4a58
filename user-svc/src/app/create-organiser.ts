import { emailKeyOf } from "../domain/user.ts";
import type { App } from "./app.ts";
import { createAccount } from "./create-account.ts";

/**
 * Makes sure that an organiser with this address exists. One that exists stays as it is, its
 * password included. Throws when the address is a customer's: whoever knows that password must
 * not become an organiser by it.
 */
export async function createOrganiser(
  app: Pick<App, "users" | "passwords" | "gate" | "clock" | "newId">,
  organiser: { email: string; password: string; name: string },
): Promise<"created" | "exists"> {
  const earlier = await app.users.findByEmailKey(emailKeyOf(organiser.email));
  if (earlier?.role === "customer") {
    throw new Error("ORGANISER_EMAIL is the address of a customer; choose another one");
  }
  if (earlier !== undefined) {
    return "exists";
  }
  const request = { ...organiser, role: "organiser", requestId: "seed-organiser" } as const;
  await createAccount(app, request);
  return "created";
}
