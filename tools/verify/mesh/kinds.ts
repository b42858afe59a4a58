import type { KubernetesObject } from "../render-charts.ts";

// The fields that the checks of the mesh look at. Whether all fields are right is for the schemas.

/** Points to an object of a namespace. */
export interface Reference {
  group?: string;
  kind: string;
  name: string;
  namespace?: string;
}

interface Backend {
  name: string;
  port: number;
  weight?: number;
}

interface Of<Kind extends string, Spec> extends KubernetesObject {
  kind: Kind;
  spec: Spec;
}

interface RouteSpec<Match> {
  parentRefs: (Reference & { port: number })[];
  rules: { matches?: Match[]; backendRefs: Backend[] }[];
}

export type Server = Of<
  "Server",
  {
    podSelector: { matchLabels?: Record<string, string> };
    port: string;
    proxyProtocol: string;
    accessPolicy: string;
  }
>;

type AuthorizationPolicy = Of<
  "AuthorizationPolicy",
  { targetRef: Reference; requiredAuthenticationRefs: Reference[] }
>;

export type GrpcRoute = Of<
  "GRPCRoute",
  RouteSpec<{ method?: { type?: string; service: string; method: string } }>
>;

export type HttpRoute = Of<"HTTPRoute", RouteSpec<unknown>>;

type Service = Of<
  "Service",
  {
    selector: Record<string, string>;
    ports: { name: string; port: number; targetPort: string; appProtocol: string }[];
  }
>;

export type Rollout = Of<
  "Rollout",
  {
    workloadRef: { apiVersion: string; kind: string; name: string };
    strategy: {
      canary: {
        stableService: string;
        canaryService: string;
        trafficRouting: {
          plugins: Record<
            string,
            { namespace: string; httpRoutes?: { name: string }[]; grpcRoutes?: { name: string }[] }
          >;
        };
        analysis: {
          startingStep: number;
          templates: { templateName: string }[];
          args: { name: string; value?: string }[];
        };
        steps: object[];
      };
    };
  }
>;

interface Probe {
  httpGet?: { path: string; port: string };
}

interface Container {
  name: string;
  image: string;
  env?: { name: string; value?: string }[];
  ports: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
}

interface Kinds {
  Namespace: Of<"Namespace", unknown>;
  Server: Server;
  AuthorizationPolicy: AuthorizationPolicy;
  MeshTLSAuthentication: Of<"MeshTLSAuthentication", { identityRefs: Reference[] }>;
  HTTPLocalRateLimitPolicy: Of<
    "HTTPLocalRateLimitPolicy",
    {
      targetRef: Reference;
      total: { requestsPerSecond: number };
      identity: { requestsPerSecond: number };
      overrides: { requestsPerSecond: number; clientRefs: Reference[] }[];
    }
  >;
  GRPCRoute: GrpcRoute;
  HTTPRoute: HttpRoute;
  Service: Service;
  Rollout: Rollout;
  AnalysisTemplate: Of<
    "AnalysisTemplate",
    {
      args: { name: string; value?: string }[];
      metrics: { name: string; provider: { prometheus: { query: string } } }[];
    }
  >;
  ServiceAccount: KubernetesObject;
  HorizontalPodAutoscaler: Of<"HorizontalPodAutoscaler", { scaleTargetRef: Reference }>;
  Deployment: Of<
    "Deployment",
    {
      template: {
        metadata: { labels: Record<string, string> };
        spec: { serviceAccountName: string; containers: Container[] };
      };
    }
  >;
}

/** The objects of one kind. */
export function ofKind<Kind extends keyof Kinds>(
  objects: readonly KubernetesObject[],
  kind: Kind,
): Kinds[Kind][] {
  return objects.filter((object): object is Kinds[Kind] => object.kind === kind);
}

/** The object of a kind with a name; undefined when there is none. */
export function named<Kind extends keyof Kinds>(
  objects: readonly KubernetesObject[],
  kind: Kind,
  name: string,
): Kinds[Kind] | undefined {
  return ofKind(objects, kind).find(({ metadata }) => metadata.name === name);
}
