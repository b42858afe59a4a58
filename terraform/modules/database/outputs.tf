output "writer_endpoint" {
  description = "The host that always leads to the writer, for MYSQL_URL."
  value       = module.aurora.cluster_endpoint
}

output "reader_endpoint" {
  description = "The host that leads to the readers, for people and reports; no service uses it."
  value       = module.aurora.cluster_reader_endpoint
}

output "master_secret_arn" {
  description = "Where RDS keeps the password of the administrator, who makes the services' accounts; null while a restored cluster has none."
  value       = try(module.aurora.cluster_master_user_secret[0].secret_arn, null)
}
