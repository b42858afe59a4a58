output "registry" {
  description = "The registry's host, for the charts' image.registry."
  value       = split("/", one(distinct([for repository in values(module.repository) : dirname(dirname(repository.repository_url))])))[0]
}

output "push_role_arn" {
  description = "The role that the release workflow assumes."
  value       = module.push_role.arn
}
