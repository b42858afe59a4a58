output "network" {
  description = "What the other layers need to know of the VPC."
  value       = module.network
}
