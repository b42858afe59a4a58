# Staging is as small as it can be and still be the same system. What differs from prod differs here
# and nowhere else.
settings = {
  environment  = "staging"
  region       = "eu-central-1"
  state_bucket = "tessera-state-111122223333"

  network = {
    cidr       = "10.20.0.0/16"
    zone_count = 2
    # One gateway for both zones: half the price, and staging may be away with a zone.
    nat                 = "single"
    interface_endpoints = false
  }

  cluster = {
    kubernetes_version = "1.34"
    api_cidrs          = ["203.0.113.0/24"]
    admin_arns         = ["arn:aws:iam::111122223333:role/operators"]
    # A floor of two, the rest on spot.
    on_demand = { instance_types = ["m7i.large"], min = 2, max = 4 }
    spot      = { instance_types = ["m7i.large", "m7a.large", "m6i.large", "m6a.large"], min = 0, max = 6 }
  }

  database = {
    # Grows with the load, and costs little at night.
    instance_class      = "db.serverless"
    instance_count      = 1
    serverless          = { min_acu = 0.5, max_acu = 8 }
    deletion_protection = false
    backup_days         = 1
  }

  cache = {
    # One node, whose loss empties the waiting rooms.
    node_type       = "cache.t4g.small"
    node_count      = 1
    snapshot_days   = 0
    lock_node_count = 1
    lock_node_type  = "cache.t4g.small"
  }

  workloads = {
    inventory-svc   = { max_replicas = 4, mysql_pool_size = 16 }
    reservation-svc = { max_replicas = 4, mysql_pool_size = 16 }
    user-svc        = { max_replicas = 4, mysql_pool_size = 8 }
  }

  ingress = {
    kind      = "nginx"
    zone_name = "tessera.example"
    host      = "staging.tessera.example"
  }

  delivery = {
    repository_url = "https://github.com/example/tessera.git"
    revision       = "main"
  }
}
