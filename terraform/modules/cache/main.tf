locals {
  engine_version = "7.1"
  family         = "redis7"

  is_replicated = var.node_count > 1
  lock_nodes    = var.lock_node_count == 1 ? [] : range(var.lock_node_count)

  parameters = [
    # A place in the line and a lock may not vanish to make room: rather refuse the write.
    { name = "maxmemory-policy", value = "noeviction" },
    # A room of a million people ends six hours after its sale: to free it took half a second, in which
    # nobody else was served.
    { name = "lazyfree-lazy-expire", value = "yes" },
  ]
  client_rules = { clients = { referenced_security_group_id = var.client_security_group_id } }
}

module "main" {
  source  = "terraform-aws-modules/elasticache/aws"
  version = "1.10.3"

  replication_group_id = var.name
  description          = "Waiting rooms, counts of requests, streams"

  engine             = "redis"
  engine_version     = local.engine_version
  node_type          = var.node_type
  num_cache_clusters = var.node_count
  # A larger node is wanted before the crowd comes, and not in the next maintenance window.
  apply_immediately = true

  automatic_failover_enabled = local.is_replicated
  multi_az_enabled           = local.is_replicated
  snapshot_retention_limit   = var.snapshot_days

  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true

  create_parameter_group     = true
  parameter_group_family     = local.family
  parameters                 = local.parameters
  log_delivery_configuration = {}

  vpc_id               = var.vpc_id
  subnet_ids           = var.subnet_ids
  security_group_rules = local.client_rules
}

# Redlock's votes count only when the nodes fail independently: groups of their own, a zone for each,
# and no replica, which could come up without a lock that its primary had given.
module "lock" {
  source   = "terraform-aws-modules/elasticache/aws"
  version  = "1.10.3"
  for_each = { for index in local.lock_nodes : tostring(index + 1) => index }

  replication_group_id = "${var.name}-lock-${each.key}"
  description          = "One vote of ${var.lock_node_count} on locks"

  engine             = "redis"
  engine_version     = local.engine_version
  node_type          = var.lock_node_type
  num_cache_clusters = 1

  automatic_failover_enabled = false
  multi_az_enabled           = false
  snapshot_retention_limit   = 0

  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true

  create_parameter_group     = true
  parameter_group_family     = local.family
  parameters                 = local.parameters
  log_delivery_configuration = {}

  vpc_id               = var.vpc_id
  subnet_ids           = [var.subnet_ids[each.value % length(var.subnet_ids)]]
  security_group_rules = local.client_rules
}
