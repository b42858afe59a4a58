output "certificate_arn" {
  description = "The public host's certificate, for the Ingress when its kind is alb."
  value       = module.ingress.certificate_arn
}

output "charts" {
  description = "What runs on the cluster besides Tessera."
  value       = module.delivery.charts
}
