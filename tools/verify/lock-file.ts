/** Those parts of package-lock.json that matter here. */
export interface LockFile {
  packages: Readonly<
    Record<string, { version?: string; optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

/**
 * The optional packages that a lock file refers to and does not have. `npm ci` refuses such a file;
 * npm writes one when its registry does not serve every platform's packages.
 */
export function missingPackages({ packages }: LockFile): string[] {
  const paths = Object.keys(packages);
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.entries(optionalDependencies),
  );
  const missing = wanted.filter(
    ([name]) => !paths.some((path) => `/${path}`.endsWith(`/node_modules/${name}`)),
  );
  return [...new Set(missing.map(([name, version]) => `${name}@${version}`))].sort();
}
