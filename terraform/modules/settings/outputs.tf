output "name" {
  description = "What things of this environment are called: tessera-staging or tessera-prod."
  value       = local.name
}

output "environment" {
  description = "The environment, as it was given."
  value       = var.environment
}

output "region" {
  description = "The AWS region."
  value       = var.region
}

output "state_bucket" {
  description = "The bucket that holds every layer's state."
  value       = var.state_bucket
}

output "tags" {
  description = "What every resource is tagged with."
  value = {
    system      = "tessera"
    environment = var.environment
    managed-by  = "terraform"
  }
}

output "network" {
  description = "The VPC's settings, and its subnets' ranges."
  value       = merge(var.network, { subnets = local.subnets })
}

output "cluster" {
  description = "The cluster's settings."
  value       = var.cluster
}

output "database" {
  description = "The database's settings."
  value       = var.database
}

output "cache" {
  description = "The cache's settings."
  value       = var.cache
}

output "workloads" {
  description = "The workloads' settings."
  value       = var.workloads
}

output "ingress" {
  description = "The ingress's settings."
  value       = var.ingress
}

output "delivery" {
  description = "ArgoCD's settings."
  value       = var.delivery
}

output "connections" {
  description = "Connections that the workloads may open at most, rollouts and people included."
  value       = local.connections

  precondition {
    condition     = local.max_connections == 0 || local.connections <= local.max_connections
    error_message = "replicas x mysql_pool_size, twice for a canary, and twenty for people and migrations must fit into the database's max_connections: take a larger class, fewer replicas or smaller pools."
  }
}

output "max_connections" {
  description = "Connections that one database instance accepts."
  value       = local.max_connections

  precondition {
    condition     = local.max_connections > 0
    error_message = "database.instance_class is one whose max_connections main.tf knows, since the connection budget needs it: add it there."
  }
}
