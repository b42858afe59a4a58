output "vpc_id" {
  description = "The VPC."
  value       = module.vpc.vpc_id
}

output "node_subnet_ids" {
  description = "Where nodes stand: private subnets, or public ones where there is no NAT gateway."
  value       = local.has_nat ? module.vpc.private_subnets : module.vpc.public_subnets
}

output "control_plane_subnet_ids" {
  description = "Where the cluster's API has its network interfaces."
  value       = module.vpc.private_subnets
}

output "cache_subnet_ids" {
  description = "Subnets of the caches, in the order of the zones."
  value       = module.vpc.elasticache_subnets
}

output "database_subnet_group" {
  description = "The name of the database's subnet group."
  value       = module.vpc.database_subnet_group_name
}

output "store_cidrs" {
  description = "Ranges of the stores, for the charts' networkPolicy.storeCidrs."
  value       = concat(var.subnets.database, var.subnets.cache)
}

output "store_clients_security_group_id" {
  description = "The security group that the stores admit."
  value       = aws_security_group.this.id
}
