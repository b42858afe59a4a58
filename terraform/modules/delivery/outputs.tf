output "charts" {
  description = "What runs on the cluster besides Tessera, with its chart's version."
  value = merge(
    { for name, release in helm_release.foundation : name => release.version },
    { for name, release in helm_release.meshed : name => release.version },
    {
      linkerd = local.linkerd_version
      argocd  = helm_release.argocd.version
    },
  )
}
