output "registry" {
  description = "The registry's host, for the charts' image.registry."
  value       = split("/", one(distinct([for repository in values(module.repository) : dirname(dirname(repository.repository_url))])))[0]
}

output "push_role_arn" {
  description = "The role that the workflow which pushes images assumes."
  value       = module.push_role.arn
}

output "read_role_arn" {
  description = "The role that the workflows which release and scan images assume."
  value       = module.read_role.arn
}
