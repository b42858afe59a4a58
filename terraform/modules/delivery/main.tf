# What must run before Tessera can: installed in this order, and never by ArgoCD, which is the last
# of it. From then on ArgoCD installs Tessera, and Terraform touches no workload.

# Independent of each other; several bring kinds that the next steps use.
resource "helm_release" "foundation" {
  for_each = local.foundation

  name             = each.key
  repository       = each.value.repository
  chart            = each.value.chart
  version          = each.value.version
  namespace        = each.value.namespace
  create_namespace = true
  values           = [yamlencode(each.value.values)]

  atomic  = true
  timeout = 600
}

# It makes its webhook's certificate with cert-manager, and may read the trust anchor's namespace.
resource "helm_release" "trust_manager" {
  name       = "trust-manager"
  repository = "https://charts.jetstack.io"
  chart      = "trust-manager"
  version    = "v0.20.3"
  namespace  = "cert-manager"
  values     = [yamlencode({ app = { trust = { namespace = "cert-manager" } } })]

  atomic  = true
  timeout = 300

  depends_on = [helm_release.foundation]
}

# Where secrets come from, where volumes come from, and whom the mesh believes.
resource "helm_release" "base" {
  name      = "base"
  chart     = "${path.module}/charts/base"
  namespace = "linkerd"

  create_namespace = true
  values           = [yamlencode({ region = var.region })]

  atomic  = true
  timeout = 300

  depends_on = [helm_release.trust_manager]
}

# Linkerd's own CNI plugin: without it every pod would need NET_ADMIN for an init container.
resource "helm_release" "linkerd_cni" {
  name             = "linkerd-cni"
  repository       = local.linkerd_repository
  chart            = "linkerd2-cni"
  version          = local.linkerd_version
  namespace        = "linkerd-cni"
  create_namespace = true
  # Restarts pods that a new node started before the plugin was there.
  values = [yamlencode({ repairController = { enabled = true } })]

  atomic  = true
  timeout = 600

  depends_on = [helm_release.base]
}

resource "helm_release" "linkerd" {
  name       = "linkerd-control-plane"
  repository = local.linkerd_repository
  chart      = "linkerd-control-plane"
  version    = local.linkerd_version
  namespace  = "linkerd"
  values     = [yamlencode(local.linkerd_values)]

  atomic  = true
  timeout = 600

  depends_on = [helm_release.linkerd_cni]
}

# Linkerd knows them by their proxies: Prometheus may scrape, and nginx may call the BFF.
resource "helm_release" "meshed" {
  for_each = { for name, chart in local.meshed : name => chart if name != "ingress-nginx" || var.ingress.kind == "nginx" }

  name             = each.key
  repository       = each.value.repository
  chart            = each.value.chart
  version          = each.value.version
  namespace        = each.value.namespace
  create_namespace = true
  values           = [yamlencode(each.value.values)]

  atomic  = true
  timeout = 600

  depends_on = [helm_release.linkerd]
}

resource "helm_release" "argocd" {
  name             = "argocd"
  repository       = "https://argoproj.github.io/argo-helm"
  chart            = "argo-cd"
  version          = "10.9.0"
  namespace        = "argocd"
  create_namespace = true
  values           = [yamlencode(local.argocd_values)]

  atomic  = true
  timeout = 600

  depends_on = [helm_release.linkerd]
}

# The one Application that Terraform makes: charts/apps, which makes all the others.
resource "helm_release" "root" {
  name      = "tessera-root"
  chart     = "${path.module}/charts/root"
  namespace = "argocd"
  values = [yamlencode({
    environment   = var.environment
    repositoryUrl = var.repository_url
    revision      = var.revision
  })]

  atomic  = true
  timeout = 300

  # Prometheus brings the kinds of rules and monitors.
  depends_on = [helm_release.argocd, helm_release.meshed]
}
