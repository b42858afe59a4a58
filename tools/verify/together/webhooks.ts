import type { KubernetesObject } from "../render-charts.ts";

interface Certificate extends KubernetesObject {
  spec: { secretName: string; dnsNames?: string[] };
}

/** Webhooks of Linkerd that are told of a certificate which nobody makes, or not where they look. */
export function webhookProblems(objects: readonly KubernetesObject[], terraform: string): string[] {
  const certificates = objects.filter(
    (object): object is Certificate => object.kind === "Certificate",
  );
  const wanted = [...terraform.matchAll(/\binjectCaFrom += "([\w-]+)\/([\w-]+)"/g)];
  const problems = wanted.flatMap(([, namespace = "", name = ""]) => {
    const certificate = certificates.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
    );
    if (certificate === undefined) {
      return [`nobody makes the certificate ${namespace}/${name}`];
    }
    const { secretName, dnsNames = [] } = certificate.spec;
    // Linkerd's charts mount secrets of these names, and the API server calls these Services.
    return [
      ...(secretName === `${name}-k8s-tls` ? [] : [`${name} looks for no secret ${secretName}`]),
      ...(dnsNames.includes(`${name}.${namespace}.svc`)
        ? []
        : [`${name} is not called ${dnsNames}`]),
    ];
  });
  return wanted.length > 0 ? problems : ["Linkerd's webhooks have certificates that nobody renews"];
}
