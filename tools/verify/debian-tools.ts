import { findProgram } from "@tessera/testkit/stores/binaries";
import { canInstallPackages, installPackages } from "@tessera/testkit/stores/debian-packages";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { Progress } from "../local/progress.ts";

/**
 * The path of a program that Debian packages: on the PATH, else installed where root may.
 *
 * @throws OperatorError that says what to install.
 */
export async function debianTool(program: string, packageName: string): Promise<string> {
  const onPath = findProgram([program]);
  if (onPath !== undefined) {
    return onPath;
  }
  if (canInstallPackages()) {
    await installPackages([packageName], new Progress().say);
  }
  const installed = findProgram([program]);
  if (installed === undefined) {
    throw new OperatorError(
      `There is no ${program} on this machine. Install it, so that it is on the PATH ` +
        `(Debian: apt-get install ${packageName}).`,
    );
  }
  return installed;
}
