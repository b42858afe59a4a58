output "registry" {
  description = "The registry's host, for the charts' image.registry."
  value       = module.registry.registry
}

output "push_role_arn" {
  description = "The role of the release workflow, for the repository variable of that workflow."
  value       = module.registry.push_role_arn
}
