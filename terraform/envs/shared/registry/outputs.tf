output "registry" {
  description = "The registry's host, for the charts' image.registry."
  value       = module.registry.registry
}

output "push_role_arn" {
  description = "The role of the workflow that pushes images, for its repository variable."
  value       = module.registry.push_role_arn
}

output "read_role_arn" {
  description = "The role of the workflows that release and scan images, for their repository variable."
  value       = module.registry.read_role_arn
}
