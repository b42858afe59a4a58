import type { Application, Delivery } from "./argocd.ts";

const RESPECT = "RespectIgnoreDifferences=true";
const ONLY_CHANGED = "ApplyOutOfSyncOnly=true";

/** What syncs would do to fields that somebody else moves, if these stand in a list. */
export function ignoredProblems(deliveries: readonly Delivery[]): string[] {
  return deliveries.flatMap(({ application }) => {
    const options = application.spec.syncPolicy?.syncOptions ?? [];
    return listsIgnored(application).flatMap((path) =>
      [
        // Argo CD keeps such a field by taking the whole list from the cluster.
        ...(options.includes(RESPECT) ? [`never writes the list of ${path}`] : []),
        ...(options.includes(ONLY_CHANGED) ? [] : [`writes ${path} at every sync`]),
      ].map((problem) => `Application ${application.metadata.name} ${problem}`),
    );
  });
}

function listsIgnored({ spec }: Application): string[] {
  const paths = (spec.ignoreDifferences ?? []).flatMap((each) => each.jqPathExpressions ?? []);
  return [...new Set(paths.filter((path) => path.includes("[]")))];
}
