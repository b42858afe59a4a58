output "charts" {
  description = "What runs on the cluster besides Tessera, with its chart's version."
  value = merge(
    { for name, chart in local.foundation : name => chart.version },
    {
      linkerd = local.linkerd_version
      argocd  = helm_release.argocd.version
    },
  )
}
