mock_provider "helm" {}

variables {
  environment        = "prod"
  region             = "eu-central-1"
  cluster_name       = "tessera-prod"
  kubernetes_version = "1.34"
  vpc_id             = "vpc-1"
  repository_url     = "https://git.example/tessera.git"
  revision           = "main"
  ingress = {
    kind            = "nginx"
    zone_name       = "tessera.example"
    certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
  }
}

run "nginx_is_meshed_and_known_by_name" {
  command = plan

  assert {
    condition     = helm_release.meshed["ingress-nginx"].namespace == "ingress-nginx"
    error_message = "The mesh admits nginx by its namespace."
  }

  assert {
    condition     = yamldecode(helm_release.meshed["ingress-nginx"].values[0]).controller.serviceAccount.name == "ingress-nginx"
    error_message = "The mesh admits nginx by its service account."
  }

  assert {
    condition     = yamldecode(helm_release.meshed["ingress-nginx"].values[0]).controller.pod.annotations["linkerd.io/inject"] == "enabled"
    error_message = "Without a proxy nginx has no identity."
  }

  assert {
    condition = jsondecode(one(regex(
      "return 429 '(.+)'",
      yamldecode(helm_release.meshed["ingress-nginx"].values[0]).controller.config.entries["server-snippets"],
    ))).code == "RATE_LIMITED"
    error_message = "Whom nginx itself refuses reads what the BFF would have said."
  }

  assert {
    condition = alltrue([for resource in ["cpu", "memory"] :
      can(yamldecode(helm_release.meshed["ingress-nginx"].values[0]).controller.pod.annotations["config.linkerd.io/proxy-${resource}-request"])
    ])
    error_message = "An autoscaler by CPU and memory wants a request of each container, the proxy's too."
  }
}

run "prometheus_is_meshed_and_known_by_name" {
  command = plan

  assert {
    condition = (
      helm_release.meshed["kube-prometheus-stack"].namespace == "monitoring" &&
      yamldecode(helm_release.meshed["kube-prometheus-stack"].values[0]).prometheus.serviceAccount.name == "prometheus"
    )
    error_message = "The mesh lets it scrape by its namespace and service account."
  }

  assert {
    condition     = yamldecode(helm_release.meshed["kube-prometheus-stack"].values[0]).prometheus.prometheusSpec.podMetadata.annotations["linkerd.io/inject"] == "enabled"
    error_message = "Without a proxy Prometheus has no identity, and every scrape is refused."
  }
}

run "an_alb_needs_no_nginx" {
  command = plan
  variables {
    ingress = { kind = "alb", zone_name = "tessera.example", certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/1" }
  }

  assert {
    condition     = !contains(keys(helm_release.meshed), "ingress-nginx")
    error_message = "With an ALB nothing stands between it and the BFF."
  }
}

run "every_chart_has_a_version" {
  command = plan

  assert {
    condition     = alltrue([for version in values(output.charts) : can(regex("^v?[0-9]+\\.[0-9]+\\.[0-9]+$", version))])
    error_message = "A chart's version is exact, or two applies would make two clusters."
  }
}

run "the_mesh_finds_its_identity" {
  command = plan

  assert {
    condition     = local.linkerd_values.identity.externalCA && local.linkerd_values.identity.issuer.scheme == "kubernetes.io/tls"
    error_message = "Linkerd takes the issuer and the roots that cert-manager and trust-manager made."
  }

  assert {
    condition     = local.linkerd_values.cniEnabled && local.linkerd_values.controllerReplicas == 3
    error_message = "Restricted pods need the CNI plugin, and prod three of everything."
  }
}

run "the_mesh_makes_no_certificates_that_nobody_renews" {
  command = plan

  assert {
    condition = alltrue([for webhook in ["proxyInjector", "profileValidator", "policyValidator"] :
      local.linkerd_values[webhook].externalSecret && startswith(local.linkerd_values[webhook].injectCaFrom, "linkerd/")
    ])
    error_message = "The chart's own last a year; after it prod, whose webhooks fail closed, makes no pods."
  }
}

run "what_everything_depends_on_asks_for_its_share" {
  command = plan

  assert {
    condition = alltrue([
      for resources in [
        local.linkerd_values.destinationResources, local.linkerd_values.proxyInjectorResources,
        local.linkerd_values.spValidatorResources, local.linkerd_values.identityResources,
        local.linkerd_values.policyController.resources, local.linkerd_values.proxy.resources
      ] : resources.cpu.request == "100m" && resources.memory.limit == "250Mi"
    ])
    error_message = "Who requests nothing gets nothing on a node that is full, and the mesh stands still."
  }

  assert {
    condition     = local.linkerd_values.deploymentStrategy.rollingUpdate.maxUnavailable == 1
    error_message = "Three replicas on three nodes that none may share are replaced one by one, or never."
  }

  assert {
    condition = (
      yamldecode(helm_release.meshed["kube-prometheus-stack"].values[0]).prometheus.prometheusSpec.resources.requests == { cpu = "500m", memory = "2Gi" } &&
      can(yamldecode(helm_release.foundation["argo-rollouts"].values[0]).controller.resources.requests.cpu)
    )
    error_message = "Without Prometheus nobody is alerted, and a canary is judged by nothing."
  }

  assert {
    condition     = yamldecode(helm_release.meshed["kube-prometheus-stack"].values[0]).prometheus.prometheusSpec.retentionSize == "45GB"
    error_message = "Prometheus keeps less than its volume holds."
  }
}

run "staging_fits_on_one_node" {
  command = plan
  variables {
    environment = "staging"
  }

  assert {
    condition     = local.linkerd_values.deploymentStrategy.rollingUpdate.maxUnavailable == 0
    error_message = "The only replica stays until the next one is ready."
  }

  assert {
    condition     = local.linkerd_values.controllerReplicas == 1 && !local.linkerd_values.enablePodAntiAffinity
    error_message = "Replicas that must not share a node would wait for nodes that staging has not."
  }
}
