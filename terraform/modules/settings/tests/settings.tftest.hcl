# Settings of a prod that is fine; each run below changes one thing of them.

variables {
  environment  = "prod"
  region       = "eu-central-1"
  state_bucket = "tessera-state-111122223333"
  network      = { cidr = "10.20.0.0/16", zone_count = 3, nat = "per_zone", interface_endpoints = false }
  cluster = {
    kubernetes_version = "1.34"
    api_cidrs          = ["203.0.113.0/24"]
    admin_arns         = ["arn:aws:iam::111122223333:role/operators"]
    on_demand          = { instance_types = ["m7i.large"], min = 3, max = 9 }
    spot               = { instance_types = ["m7i.large", "m7a.large", "m6i.large"], min = 0, max = 12 }
  }
  database = {
    instance_class      = "db.r7g.large"
    instance_count      = 2
    serverless          = null
    deletion_protection = true
    backup_days         = 14
  }
  cache = { node_type = "cache.r7g.large", node_count = 2, snapshot_days = 7, lock_node_count = 3, lock_node_type = "cache.t4g.small" }
  workloads = {
    inventory-svc   = { max_replicas = 12, mysql_pool_size = 16 }
    reservation-svc = { max_replicas = 12, mysql_pool_size = 16 }
    user-svc        = { max_replicas = 6, mysql_pool_size = 8 }
  }
  ingress  = { kind = "nginx", zone_name = "tessera.example", host = "api.tessera.example" }
  delivery = { repository_url = "https://git.example/tessera.git", revision = "main" }
}

# Applied, though there is nothing to make: the runs below start from its outputs.
run "fine" {
  command = apply

  assert {
    condition     = output.name == "tessera-prod"
    error_message = "The name is made of the environment."
  }

  assert {
    # (24 + 24) x 16 + 12 x 8 + 20
    condition     = output.connections == 884 && output.max_connections == 1000
    error_message = "The budget counts all replicas twice, and twenty connections besides."
  }

  assert {
    condition     = length(distinct(flatten(values(output.network.subnets)))) == 12
    error_message = "Four kinds of subnet in three zones have twelve ranges."
  }

  assert {
    condition     = output.network.subnets.private[2] == "10.20.32.0/20" && output.network.subnets.public[0] == "10.20.128.0/24"
    error_message = "Private subnets are a sixteenth of the range, public ones a 256th."
  }
}

run "staging_may_be_small" {
  command = plan
  variables {
    environment = "staging"
    network     = merge(run.fine.network, { zone_count = 2, nat = "single" })
    cluster     = merge(run.fine.cluster, { api_cidrs = ["0.0.0.0/0"], on_demand = merge(run.fine.cluster.on_demand, { min = 1 }) })
    database    = merge(run.fine.database, { instance_class = "db.serverless", instance_count = 1, backup_days = 1, deletion_protection = false, serverless = { min_acu = 0.5, max_acu = 8 } })
    cache       = merge(run.fine.cache, { node_count = 1, lock_node_count = 1 })
  }

  assert {
    condition     = output.max_connections == 1000
    error_message = "Eight units of capacity accept a thousand connections."
  }
}

run "a_sleepy_serverless_is_capped" {
  command = plan
  variables {
    environment = "staging"
    database    = merge(run.fine.database, { instance_class = "db.serverless", serverless = { min_acu = 0, max_acu = 64 } })
  }

  assert {
    condition     = output.max_connections == 2000
    error_message = "Less than one unit at rest means 2,000 connections at most."
  }
}

run "prod_may_do_without_nat" {
  command = plan
  variables {
    network = merge(run.fine.network, { nat = "none" })
  }

  assert {
    condition     = output.network.nat == "none"
    error_message = "Nodes with addresses of their own depend on no zone but their own."
  }
}

run "an_unknown_environment" {
  command = plan
  variables {
    environment = "production"
  }
  expect_failures = [var.environment]
}

run "a_region_that_is_none" {
  command = plan
  variables {
    region = "Frankfurt"
  }
  expect_failures = [var.region]
}

run "a_bucket_that_is_none" {
  command = plan
  variables {
    state_bucket = "Tessera_State"
  }
  expect_failures = [var.state_bucket]
}

run "an_address_that_is_no_range" {
  command = plan
  variables {
    network = merge(run.fine.network, { cidr = "10.20.0.0" })
  }
  expect_failures = [var.network]
}

run "a_range_that_starts_in_the_middle" {
  command = plan
  variables {
    network = merge(run.fine.network, { cidr = "10.20.7.0/16" })
  }
  expect_failures = [var.network]
}

run "a_range_where_services_live" {
  command = plan
  variables {
    network = merge(run.fine.network, { cidr = "172.20.0.0/16" })
  }
  expect_failures = [var.network]
}

run "a_range_too_large_for_aws" {
  command = plan
  variables {
    network = merge(run.fine.network, { cidr = "10.0.0.0/12" })
  }
  expect_failures = [var.network]
}

run "a_range_too_small_for_load_balancers" {
  command = plan
  variables {
    network = merge(run.fine.network, { cidr = "10.20.0.0/20" })
  }
  expect_failures = [var.network]
}

run "a_single_zone" {
  command = plan
  variables {
    environment = "staging"
    network     = merge(run.fine.network, { zone_count = 1 })
  }
  expect_failures = [var.network]
}

run "prod_in_two_zones" {
  command = plan
  variables {
    network = merge(run.fine.network, { zone_count = 2 })
  }
  expect_failures = [var.network]
}

run "an_unknown_way_out" {
  command = plan
  variables {
    network = merge(run.fine.network, { nat = "some" })
  }
  expect_failures = [var.network]
}

run "prod_behind_one_zones_nat" {
  command = plan
  variables {
    network = merge(run.fine.network, { nat = "single" })
  }
  expect_failures = [var.network]
}

run "a_version_that_linkerd_does_not_support" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { kubernetes_version = "1.30" })
  }
  expect_failures = [var.cluster]
}

run "an_api_for_no_range" {
  command = plan
  variables {
    environment = "staging"
    cluster     = merge(run.fine.cluster, { api_cidrs = ["office"] })
  }
  expect_failures = [var.cluster]
}

run "prod_with_an_api_for_the_world" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { api_cidrs = ["0.0.0.0/0"] })
  }
  expect_failures = [var.cluster]
}

run "a_cluster_for_nobody" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { admin_arns = [] })
  }
  expect_failures = [var.cluster]
}

run "a_cluster_for_a_person" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { admin_arns = ["arn:aws:iam::111122223333:user/ann"] })
  }
  expect_failures = [var.cluster]
}

run "more_nodes_than_the_most" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { on_demand = merge(run.fine.cluster.on_demand, { min = 10 }) })
  }
  expect_failures = [var.cluster]
}

run "prod_without_a_floor_in_every_zone" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { on_demand = merge(run.fine.cluster.on_demand, { min = 2 }) })
  }
  expect_failures = [var.cluster]
}

run "staging_on_spot_alone" {
  command = plan
  variables {
    environment = "staging"
    cluster     = merge(run.fine.cluster, { on_demand = merge(run.fine.cluster.on_demand, { min = 0 }) })
  }
  expect_failures = [var.cluster]
}

run "nodes_of_no_type" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { on_demand = merge(run.fine.cluster.on_demand, { instance_types = [] }) })
  }
  expect_failures = [var.cluster]
}

run "spot_from_one_pool" {
  command = plan
  variables {
    cluster = merge(run.fine.cluster, { spot = merge(run.fine.cluster.spot, { instance_types = ["m7i.large"] }) })
  }
  expect_failures = [var.cluster]
}

run "more_instances_than_aurora_has" {
  command = plan
  variables {
    database = merge(run.fine.database, { instance_count = 17 })
  }
  expect_failures = [var.database]
}

run "prod_needs_a_standby" {
  command = plan
  variables {
    database = merge(run.fine.database, { instance_count = 1 })
  }
  expect_failures = [var.database]
}

run "prod_unprotected" {
  command = plan
  variables {
    database = merge(run.fine.database, { deletion_protection = false })
  }
  expect_failures = [var.database]
}

run "no_backups" {
  command = plan
  variables {
    environment = "staging"
    database    = merge(run.fine.database, { backup_days = 0 })
  }
  expect_failures = [var.database]
}

run "prod_with_short_backups" {
  command = plan
  variables {
    database = merge(run.fine.database, { backup_days = 3 })
  }
  expect_failures = [var.database]
}

run "serverless_without_a_capacity" {
  command = plan
  variables {
    database = merge(run.fine.database, { instance_class = "db.serverless" })
  }
  expect_failures = [var.database]
}

run "a_capacity_without_serverless" {
  command = plan
  variables {
    database = merge(run.fine.database, { serverless = { min_acu = 1, max_acu = 8 } })
  }
  expect_failures = [var.database]
}

run "a_capacity_upside_down" {
  command = plan
  variables {
    environment = "staging"
    database    = merge(run.fine.database, { instance_class = "db.serverless", serverless = { min_acu = 9, max_acu = 8 } })
  }
  expect_failures = [var.database]
}

run "prod_that_sleeps" {
  command = plan
  variables {
    database = merge(run.fine.database, { instance_class = "db.serverless", serverless = { min_acu = 0.5, max_acu = 8 } })
  }
  expect_failures = [var.database]
}

run "a_class_that_nobody_counted" {
  command = plan
  variables {
    database = merge(run.fine.database, { instance_class = "db.x2g.large" })
  }
  expect_failures = [output.max_connections]
}

run "no_cache" {
  command = plan
  variables {
    environment = "staging"
    cache       = merge(run.fine.cache, { node_count = 0 })
  }
  expect_failures = [var.cache]
}

run "prod_with_a_lone_cache" {
  command = plan
  variables {
    cache = merge(run.fine.cache, { node_count = 1 })
  }
  expect_failures = [var.cache]
}

run "two_lock_nodes" {
  command = plan
  variables {
    cache = merge(run.fine.cache, { lock_node_count = 2 })
  }
  expect_failures = [var.cache]
}

run "an_even_number_of_lock_nodes" {
  command = plan
  variables {
    cache = merge(run.fine.cache, { lock_node_count = 4 })
  }
  expect_failures = [var.cache]
}

run "snapshots_for_years" {
  command = plan
  variables {
    cache = merge(run.fine.cache, { snapshot_days = 400 })
  }
  expect_failures = [var.cache]
}

run "a_cache_of_no_type" {
  command = plan
  variables {
    cache = merge(run.fine.cache, { node_type = "db.r7g.large" })
  }
  expect_failures = [var.cache]
}

run "a_workload_too_many" {
  command = plan
  variables {
    workloads = merge(run.fine.workloads, { bff = { max_replicas = 4, mysql_pool_size = 8 } })
  }
  expect_failures = [var.workloads]
}

run "a_lone_replica" {
  command = plan
  variables {
    workloads = merge(run.fine.workloads, { user-svc = { max_replicas = 1, mysql_pool_size = 8 } })
  }
  expect_failures = [var.workloads]
}

run "a_pool_without_room_for_migrations" {
  command = plan
  variables {
    workloads = merge(run.fine.workloads, { user-svc = { max_replicas = 2, mysql_pool_size = 1 } })
  }
  expect_failures = [var.workloads]
}

run "more_connections_than_the_database_takes" {
  command = plan
  variables {
    workloads = merge(run.fine.workloads, { inventory-svc = { max_replicas = 40, mysql_pool_size = 16 } })
  }
  expect_failures = [output.connections]
}

run "an_ingress_of_no_kind" {
  command = plan
  variables {
    ingress = merge(run.fine.ingress, { kind = "elb" })
  }
  expect_failures = [var.ingress]
}

run "a_host_outside_the_zone" {
  command = plan
  variables {
    ingress = merge(run.fine.ingress, { host = "api.elsewhere.example" })
  }
  expect_failures = [var.ingress]
}

run "a_repository_without_tls" {
  command = plan
  variables {
    delivery = merge(run.fine.delivery, { repository_url = "http://git.example/tessera.git" })
  }
  expect_failures = [var.delivery]
}
