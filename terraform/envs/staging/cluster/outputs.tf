output "cluster" {
  description = "How the platform layer reaches the cluster."
  value       = module.cluster
}
