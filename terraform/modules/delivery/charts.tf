locals {
  linkerd_repository = "https://helm.linkerd.io/edge"
  # edge-26.6.3, which is Linkerd 2.20.
  linkerd_version = "2026.6.3"

  foundation = {
    aws-load-balancer-controller = {
      repository = "https://aws.github.io/eks-charts"
      chart      = "aws-load-balancer-controller"
      version    = "1.14.0"
      namespace  = "kube-system"
      values = {
        clusterName    = var.cluster_name
        region         = var.region
        vpcId          = var.vpc_id
        serviceAccount = { name = "aws-load-balancer-controller" }
        # While its pods start, this webhook would refuse every other chart's Services.
        enableServiceMutatorWebhook = false
      }
    }
    cluster-autoscaler = {
      repository = "https://kubernetes.github.io/autoscaler"
      chart      = "cluster-autoscaler"
      version    = "9.59.0"
      namespace  = "kube-system"
      values = {
        awsRegion     = var.region
        autoDiscovery = { clusterName = var.cluster_name }
        # Its minor version is the cluster's.
        image = { tag = "v${var.kubernetes_version}.0" }
        rbac  = { serviceAccount = { name = "cluster-autoscaler" } }
        extraArgs = {
          expander                      = "priority"
          balance-similar-node-groups   = true
          skip-nodes-with-local-storage = false
        }
        # Spot first; on demand when no pool has any left.
        expanderPriorities = { "20" = [".*spot.*"], "10" = [".*on-demand.*"] }
      }
    }
    cert-manager = {
      repository = "https://charts.jetstack.io"
      chart      = "cert-manager"
      version    = "v1.19.4"
      namespace  = "cert-manager"
      values     = { crds = { enabled = true } }
    }
    external-dns = {
      repository = "https://kubernetes-sigs.github.io/external-dns"
      chart      = "external-dns"
      version    = "1.20.0"
      namespace  = "external-dns"
      values = {
        provider       = { name = "aws" }
        policy         = "sync"
        txtOwnerId     = var.cluster_name
        domainFilters  = [var.ingress.zone_name]
        serviceAccount = { name = "external-dns" }
      }
    }
    external-secrets = {
      repository = "https://charts.external-secrets.io"
      chart      = "external-secrets"
      version    = "2.9.0"
      namespace  = "external-secrets"
      values     = { serviceAccount = { name = "external-secrets" } }
    }
    # Restarts pods whose secret has changed, by an annotation: ArgoCD would take a variable away.
    reloader = {
      repository = "https://stakater.github.io/stakater-charts"
      chart      = "reloader"
      version    = "2.2.14"
      namespace  = "reloader"
      values     = { reloader = { reloadStrategy = "annotations" } }
    }
    linkerd-crds = {
      repository = local.linkerd_repository
      chart      = "linkerd-crds"
      version    = local.linkerd_version
      namespace  = "linkerd"
      # Nobody else brings the routes' kinds.
      values = { installGatewayAPI = true }
    }
    argo-rollouts = {
      repository = "https://argoproj.github.io/argo-helm"
      chart      = "argo-rollouts"
      version    = "2.43.0"
      namespace  = "argo-rollouts"
      values = {
        controller = {
          resources = { requests = { cpu = "100m", memory = "128Mi" } }
          trafficRouterPlugins = [{
            name     = "argoproj-labs/gatewayAPI"
            location = "https://github.com/argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi/releases/download/v0.15.0/gatewayapi-plugin-linux-amd64"
          }]
        }
        providerRBAC = { providers = { gatewayAPI = true } }
      }
    }
  }

  # As in Linkerd's own values-ha.yaml: on a node that is full, who requests nothing gets nothing.
  linkerd_resources = {
    cpu    = { request = "100m" }
    memory = { request = "50Mi", limit = "250Mi" }
  }

  linkerd_values = {
    cniEnabled = true
    # cert-manager makes the issuer and trust-manager the roots, so Helm need hold neither.
    identity = {
      externalCA = true
      issuer     = { scheme = "kubernetes.io/tls" }
    }
    # Three of each want three nodes, which staging need not have.
    controllerReplicas        = var.environment == "prod" ? 3 : 1
    enablePodAntiAffinity     = var.environment == "prod"
    enablePodDisruptionBudget = var.environment == "prod"
    # Where no two may share a node, a surge has none to go to; a single one stays until the next is ready.
    deploymentStrategy = {
      rollingUpdate = { maxUnavailable = var.environment == "prod" ? 1 : 0, maxSurge = "25%" }
    }
    destinationResources   = local.linkerd_resources
    proxyInjectorResources = local.linkerd_resources
    spValidatorResources   = local.linkerd_resources
    policyController       = { resources = local.linkerd_resources }
    identityResources      = merge(local.linkerd_resources, { memory = { request = "10Mi", limit = "250Mi" } })
    # Of every proxy whose pod says nothing else.
    proxy = {
      resources = { cpu = { request = "100m" }, memory = { request = "20Mi", limit = "250Mi" } }
    }
    # While no injector answers, prod makes no pods rather than pods that no policy knows.
    webhookFailurePolicy = var.environment == "prod" ? "Fail" : "Ignore"
    # cert-manager renews their certificates (charts/base). Those that this chart would make last a year, and
    # are made anew only when it is applied.
    proxyInjector    = { externalSecret = true, injectCaFrom = "linkerd/linkerd-proxy-injector" }
    profileValidator = { externalSecret = true, injectCaFrom = "linkerd/linkerd-sp-validator" }
    policyValidator  = { externalSecret = true, injectCaFrom = "linkerd/linkerd-policy-validator" }
  }

  argocd_values = {
    configs = {
      cm = {
        # Argo CD 1.8 took this away; without it a parent does not wait for its children's health.
        "resource.customizations.health.argoproj.io_Application" = file("${path.module}/application-health.lua")
      }
    }
  }

  # What has a proxy itself, and so must come after the injector.
  meshed = {
    kube-prometheus-stack = {
      repository = "https://prometheus-community.github.io/helm-charts"
      chart      = "kube-prometheus-stack"
      version    = "88.1.3"
      namespace  = "monitoring"
      values = {
        fullnameOverride = "monitoring"
        prometheus = {
          # The mesh lets this account scrape.
          serviceAccount = { name = "prometheus" }
          prometheusSpec = {
            retention = "15d"
            # Whichever comes first: a volume that is full would end all alerts.
            retentionSize = "45GB"
            resources     = { requests = { cpu = "500m", memory = "2Gi" } }
            # The workloads' proxies tell nothing to anybody who has no identity.
            podMetadata = { annotations = { "linkerd.io/inject" = "enabled" } }
            # Rules and monitors of every chart, not only of its own.
            ruleSelectorNilUsesHelmValues           = false
            podMonitorSelectorNilUsesHelmValues     = false
            serviceMonitorSelectorNilUsesHelmValues = false
            storageSpec = {
              volumeClaimTemplate = { spec = { resources = { requests = { storage = "50Gi" } } } }
            }
          }
        }
        # EKS lets nobody scrape these: their alerts would call somebody on the first day.
        kubeControllerManager = { enabled = false }
        kubeEtcd              = { enabled = false }
        kubeProxy             = { enabled = false }
        kubeScheduler         = { enabled = false }
        # Routes to pagers are for all alerts: those on sums have no namespace of their own.
        alertmanager = { alertmanagerSpec = { alertmanagerConfigMatcherStrategy = { type = "None" } } }
        # Dashboards are ConfigMaps with this label, in any namespace, and name their folder.
        grafana = {
          sidecar = {
            dashboards = {
              searchNamespace  = "ALL"
              label            = "grafana_dashboard"
              folderAnnotation = "grafana_folder"
              provider         = { foldersFromFilesStructure = true }
            }
          }
        }
      }
    }
    # F5's controller under the names that the mesh knows: Kubernetes' own ingress-nginx was retired in
    # March 2026 and gets no more security fixes.
    ingress-nginx = {
      repository = "oci://ghcr.io/nginx/charts"
      chart      = "nginx-ingress"
      version    = "2.4.4"
      namespace  = "ingress-nginx"
      values = {
        controller = {
          serviceAccount = { name = "ingress-nginx" }
          ingressClass   = { name = "nginx", create = true, setAsDefaultIngress = true }
          # A request takes two of a worker's connections, and so does whoever follows a place, for ten
          # minutes: with 1,024, its own default, four thousand people would close the shop for all others.
          config = {
            entries = {
              "worker-connections"   = "16384"
              "worker-rlimit-nofile" = "65536"
              # Whom nginx itself refuses (charts/bff's ingress.limit) is told what the BFF would tell, and when
              # to come again; a page of any origin may read it, for it tells nothing.
              "server-snippets" = <<-EOT
                error_page 429 @limited;
                location @limited {
                  default_type application/problem+json;
                  add_header X-Request-Id $request_id always;
                  add_header Retry-After 1 always;
                  add_header Access-Control-Allow-Origin * always;
                  add_header Access-Control-Expose-Headers Retry-After always;
                  return 429 '{"type":"/docs/problems#rate-limited","title":"Too many requests","status":429,"detail":"too many requests of this network address","code":"RATE_LIMITED","retryable":true,"requestId":"$request_id"}';
                }
              EOT
            }
          }
          # An autoscaler is too late for the first minute: one pod in each zone at least.
          autoscaling = {
            enabled                           = true
            minReplicas                       = 3
            maxReplicas                       = 9
            targetCPUUtilizationPercentage    = 60
            targetMemoryUtilizationPercentage = 80
          }
          # Its namespace has a new pod wait for the load balancer (charts/base), unless it was made before that was.
          minReadySeconds     = 30
          resources           = { requests = { cpu = "250m", memory = "256Mi" } }
          podDisruptionBudget = { enabled = true, maxUnavailable = 1 }
          topologySpreadConstraints = [
            for key in ["topology.kubernetes.io/zone", "kubernetes.io/hostname"] : {
              maxSkew           = 1
              topologyKey       = key
              whenUnsatisfiable = "ScheduleAnyway"
              labelSelector     = { matchLabels = { "app.kubernetes.io/name" = "nginx-ingress" } }
            }
          ]
          # The load balancer hears late that a pod goes.
          lifecycle                     = { preStop = { sleep = { seconds = 60 } } }
          terminationGracePeriodSeconds = 120
          pod = {
            annotations = {
              "linkerd.io/inject" = "enabled"
              # The autoscaler sums up what a pod's containers request, and gives up if one requests nothing.
              "config.linkerd.io/proxy-cpu-request"    = "100m"
              "config.linkerd.io/proxy-memory-request" = "64Mi"
              # All buyers' requests go out through it, and every followed place stays open in it.
              "config.linkerd.io/proxy-memory-limit" = "1Gi"
              # Through the proxy nginx would see the proxy's address instead of the buyer's.
              "config.linkerd.io/skip-inbound-ports" = "80,443"
            }
          }
          service = {
            # TLS ends at the load balancer, which has the certificate.
            httpPort  = { enable = false }
            httpsPort = { enable = true, port = 443, targetPort = 80 }
            annotations = {
              "service.beta.kubernetes.io/aws-load-balancer-type"                    = "external"
              "service.beta.kubernetes.io/aws-load-balancer-scheme"                  = "internet-facing"
              "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"         = "ip"
              "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes" = "preserve_client_ip.enabled=true"
              "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"                = var.ingress.certificate_arn
              "service.beta.kubernetes.io/aws-load-balancer-ssl-ports"               = "443"
            }
          }
        }
      }
    }
  }
}
