output "names" {
  description = "The secrets' names by workload, for the charts' secrets.external.key."
  value       = { for workload, secret in aws_secretsmanager_secret.this : workload => secret.name }
}
