output "redis_url" {
  description = "REDIS_URL: the main group's primary, over TLS."
  value       = "rediss://${module.main.replication_group_primary_endpoint_address}:6379"
}

output "lock_urls" {
  description = "REDIS_LOCK_URLS: the lock nodes, over TLS; none when locks live in the main group."
  value       = [for node in values(module.lock) : "rediss://${node.replication_group_primary_endpoint_address}:6379"]
}
