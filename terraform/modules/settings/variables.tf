variable "environment" {
  description = "What is being built; prod is held to more than staging."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["staging", "prod"], var.environment)
    error_message = "environment is staging or prod: rules, names and secrets go by it."
  }
}

variable "region" {
  description = "The AWS region of the environment and of the state bucket."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is a name such as eu-central-1."
  }
}

variable "state_bucket" {
  description = "The S3 bucket that terraform/bootstrap made; layers read each other's outputs from it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket is the name of an S3 bucket: 3 to 63 lower-case letters, digits, dots and hyphens."
  }
}

variable "network" {
  description = "The VPC: its addresses, how many zones it spans, how its nodes reach the internet (nat: per_zone, single or none), and whether AWS's own services are reached by interface endpoints."
  type = object({
    cidr                = string
    zone_count          = number
    nat                 = string
    interface_endpoints = bool
  })
  nullable = false

  validation {
    condition     = try(cidrsubnet(var.network.cidr, 0, 0) == var.network.cidr, false)
    error_message = "network.cidr is an IPv4 range that starts at its own first address, such as 10.20.0.0/16."
  }

  validation {
    condition     = startswith(var.network.cidr, "10.")
    error_message = "network.cidr lies in 10.0.0.0/8: the cluster's Services have 172.20.0.0/16, and must never meet it."
  }

  validation {
    condition     = try(tonumber(split("/", var.network.cidr)[1]) >= 16 && tonumber(split("/", var.network.cidr)[1]) <= 19, false)
    error_message = "network.cidr has a prefix of /16 to /19: AWS takes none larger, and below /19 a load balancer no longer fits into its subnet."
  }

  validation {
    condition     = contains([2, 3], var.network.zone_count)
    error_message = "network.zone_count is 2 or 3: Aurora and load balancers need two zones, and the address plan has room for three."
  }

  validation {
    condition     = var.environment != "prod" || var.network.zone_count == 3
    error_message = "prod spans three zones, so that two thirds of it outlive the loss of one."
  }

  validation {
    condition     = contains(["per_zone", "single", "none"], var.network.nat)
    error_message = "network.nat is per_zone, single or none."
  }

  validation {
    condition     = var.environment != "prod" || var.network.nat != "single"
    error_message = "prod does not hang on the NAT gateway of one zone: take per_zone, or none, where each node has its own way out."
  }
}

variable "cluster" {
  description = "EKS: its version, who may reach its API from outside, who administers it, and the sizes of its two node groups."
  type = object({
    kubernetes_version = string
    api_cidrs          = list(string)
    admin_arns         = list(string)
    on_demand = object({
      instance_types = list(string)
      min            = number
      max            = number
    })
    spot = object({
      instance_types = list(string)
      min            = number
      max            = number
    })
  })
  nullable = false

  validation {
    condition     = contains(["1.31", "1.32", "1.33", "1.34", "1.35"], var.cluster.kubernetes_version)
    error_message = "cluster.kubernetes_version is one that Linkerd 2.20 supports: 1.31 to 1.35."
  }

  validation {
    condition     = alltrue([for cidr in var.cluster.api_cidrs : can(cidrhost(cidr, 0))])
    error_message = "cluster.api_cidrs are ranges such as 203.0.113.7/32; none at all closes the API to the outside."
  }

  validation {
    condition     = var.environment != "prod" || alltrue([for cidr in var.cluster.api_cidrs : try(tonumber(split("/", cidr)[1]) >= 16, false)])
    error_message = "prod opens its API to named networks of /16 or smaller, not to the world."
  }

  validation {
    condition     = length(var.cluster.admin_arns) > 0 && alltrue([for arn in var.cluster.admin_arns : can(regex("^arn:aws:iam::[0-9]{12}:role/", arn))])
    error_message = "cluster.admin_arns names one IAM role at least: nobody else can enter the cluster."
  }

  validation {
    condition = alltrue([
      for group in [var.cluster.on_demand, var.cluster.spot] : group.min >= 0 && group.min <= group.max
    ])
    error_message = "a node group's min is not negative, and not more than its max."
  }

  validation {
    condition     = var.cluster.on_demand.min >= (var.environment == "prod" ? var.network.zone_count : 1)
    error_message = "on-demand nodes are the floor that stays when AWS takes every spot node at once: prod keeps one in each zone, staging one."
  }

  validation {
    condition     = length(var.cluster.on_demand.instance_types) > 0
    error_message = "cluster.on_demand.instance_types names at least one instance type."
  }

  validation {
    condition     = var.cluster.spot.max == 0 || length(var.cluster.spot.instance_types) >= 3
    error_message = "spot nodes come from three instance types or more: one pool runs dry, and then all of its nodes go together."
  }
}

variable "database" {
  description = "Aurora MySQL: the class and number of its instances, its capacity when the class is db.serverless (else null), and how it is kept from being lost."
  type = object({
    instance_class      = string
    instance_count      = number
    serverless          = object({ min_acu = number, max_acu = number })
    deletion_protection = bool
    backup_days         = number
  })
  nullable = false

  validation {
    condition     = var.database.instance_count >= 1 && var.database.instance_count <= 16
    error_message = "database.instance_count is 1 to 16: one writer, the rest readers."
  }

  validation {
    condition     = var.environment != "prod" || var.database.instance_count >= 2
    error_message = "prod needs two database instances at least, so that a reader can become the writer within the minute."
  }

  validation {
    condition     = var.environment != "prod" || var.database.deletion_protection
    error_message = "prod's database is protected from deletion: it is the ledger of who owns what."
  }

  validation {
    condition     = var.database.backup_days >= 1 && var.database.backup_days <= 35
    error_message = "database.backup_days is 1 to 35, which is what Aurora keeps."
  }

  validation {
    condition     = var.environment != "prod" || var.database.backup_days >= 7
    error_message = "prod keeps seven days of backups at least: a mistake on a Friday is found on a Monday."
  }

  validation {
    condition     = (var.database.instance_class == "db.serverless") == (var.database.serverless != null)
    error_message = "database.serverless is set exactly when database.instance_class is db.serverless."
  }

  validation {
    condition = var.database.serverless == null || try(
      var.database.serverless.min_acu >= 0 && var.database.serverless.max_acu >= 1 &&
      var.database.serverless.max_acu <= 256 && var.database.serverless.min_acu <= var.database.serverless.max_acu,
      false,
    )
    error_message = "database.serverless runs from min_acu (0 pauses it when nobody asks) to max_acu, 1 to 256."
  }

  validation {
    condition     = var.environment != "prod" || try(var.database.serverless.min_acu >= 1, true)
    error_message = "prod's database never sleeps, and has connections for a crowd: min_acu is 1 or more."
  }
}

variable "cache" {
  description = "ElastiCache: the class and number of the main group's nodes, days of snapshots, and independent nodes for locks (1: locks live in the main group)."
  type = object({
    node_type       = string
    node_count      = number
    snapshot_days   = number
    lock_node_count = number
    lock_node_type  = string
  })
  nullable = false

  validation {
    condition     = var.cache.node_count >= 1 && var.cache.node_count <= 6
    error_message = "cache.node_count is 1 to 6: one primary, the rest replicas."
  }

  validation {
    condition     = var.environment != "prod" || var.cache.node_count >= 2
    error_message = "prod's cache has a replica to fail over to: without AOF a lone node that restarts has forgotten the line."
  }

  validation {
    condition     = var.cache.lock_node_count == 1 || (var.cache.lock_node_count >= 3 && var.cache.lock_node_count % 2 == 1)
    error_message = "cache.lock_node_count is 1, or odd and 3 or more: of two nodes both must vote, which is worse than one."
  }

  validation {
    condition     = var.cache.snapshot_days >= 0 && var.cache.snapshot_days <= 35
    error_message = "cache.snapshot_days is 0 (none) to 35."
  }

  validation {
    condition = alltrue([
      for type in [var.cache.node_type, var.cache.lock_node_type] : can(regex("^cache\\.[a-z0-9]+\\.[a-z0-9]+$", type))
    ])
    error_message = "cache node types are names such as cache.t4g.small."
  }
}

variable "workloads" {
  description = "The services that use MySQL: replicas at most, as their charts say, and MYSQL_POOL_SIZE."
  type = map(object({
    max_replicas    = number
    mysql_pool_size = number
  }))
  nullable = false

  validation {
    condition     = toset(keys(var.workloads)) == toset(["inventory-svc", "reservation-svc", "user-svc"])
    error_message = "workloads are inventory-svc, reservation-svc and user-svc: a service that is left out would not be counted."
  }

  validation {
    condition     = alltrue([for workload in values(var.workloads) : workload.max_replicas >= 2])
    error_message = "a workload has two replicas at least, so that one may go."
  }

  validation {
    condition     = alltrue([for workload in values(var.workloads) : workload.mysql_pool_size >= 2 && workload.mysql_pool_size <= 500])
    error_message = "mysql_pool_size is 2 to 500: a migration holds one connection for its lock."
  }
}

variable "ingress" {
  description = "The way in: an ALB, or nginx behind one NLB (kind: alb or nginx), the Route 53 zone, and the host name in it."
  type = object({
    kind      = string
    zone_name = string
    host      = string
  })
  nullable = false

  validation {
    condition     = contains(["alb", "nginx"], var.ingress.kind)
    error_message = "ingress.kind is alb or nginx."
  }

  validation {
    condition     = endswith(var.ingress.host, ".${var.ingress.zone_name}")
    error_message = "ingress.host lies in ingress.zone_name, or its certificate could not be proven."
  }
}

variable "delivery" {
  description = "Where ArgoCD finds the charts: the repository, and the branch or tag that it follows."
  type = object({
    repository_url = string
    revision       = string
  })
  nullable = false

  validation {
    condition     = startswith(var.delivery.repository_url, "https://")
    error_message = "delivery.repository_url starts with https://."
  }
}
