# Nothing is made here: this module checks an environment's settings and derives what follows from
# them, so that a wrong one fails before anything is asked of AWS, in every layer alike.

locals {
  name = "tessera-${var.environment}"

  # The defaults of Aurora MySQL 3, from AWS's guide "Managing performance and scaling for Aurora
  # MySQL". They follow an instance's memory, so that families of one size are alike.
  connections_by_size = {
    large     = 1000
    xlarge    = 2000
    "2xlarge" = 3000
    "4xlarge" = 4000
    "8xlarge" = 5000
  }
  burstable_connections = {
    "db.t3.medium"  = 90
    "db.t4g.medium" = 90
    "db.t3.large"   = 135
    "db.t4g.large"  = 135
  }
  # By the largest capacity that is not above max_acu.
  connections_by_acu = { 1 = 90, 4 = 135, 8 = 1000, 16 = 2000, 32 = 3000, 64 = 4000, 128 = 5000, 192 = 6000, 256 = 6000 }

  size              = try(regex("^db\\.r[5-8][a-z]*\\.([0-9]*x?large)$", var.database.instance_class)[0], "unknown")
  fixed_connections = lookup(local.burstable_connections, var.database.instance_class, lookup(local.connections_by_size, local.size, 0))
  serverless_connections = try(max([
    for acu, connections in local.connections_by_acu : connections if tonumber(acu) <= var.database.serverless.max_acu
  ]...), 0)
  # With less than one unit at rest Aurora gives 2,000 connections at most.
  serverless_cap  = try(var.database.serverless.min_acu >= 1, false) ? 16000 : 2000
  max_connections = var.database.instance_class == "db.serverless" ? min(local.serverless_connections, local.serverless_cap) : local.fixed_connections

  # At the end of a canary's steps as many new pods run as old ones.
  pools       = sum([for workload in values(var.workloads) : workload.max_replicas * 2 * workload.mysql_pool_size])
  connections = local.pools + 20

  # Private subnets are a sixteenth of the range each, for every pod has an address of its own; the
  # others a 256th. Zones are in the same order everywhere.
  zone_indexes = range(var.network.zone_count)
  subnets = {
    private  = [for index in local.zone_indexes : cidrsubnet(var.network.cidr, 4, index)]
    public   = [for index in local.zone_indexes : cidrsubnet(var.network.cidr, 8, 128 + index)]
    database = [for index in local.zone_indexes : cidrsubnet(var.network.cidr, 8, 144 + index)]
    cache    = [for index in local.zone_indexes : cidrsubnet(var.network.cidr, 8, 160 + index)]
  }
}
