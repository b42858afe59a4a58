# What differs from staging differs here and nowhere else.
settings = {
  environment  = "prod"
  region       = "eu-central-1"
  state_bucket = "tessera-state-111122223333"

  network = {
    cidr                = "10.30.0.0/16"
    zone_count          = 3
    nat                 = "per_zone"
    interface_endpoints = true
  }

  cluster = {
    kubernetes_version = "1.34"
    api_cidrs          = ["203.0.113.0/24"]
    admin_arns         = ["arn:aws:iam::111122223333:role/operators"]
    # Four have 15.7 cores for pods; at their fewest, the workloads request 8.7 of them, nginx 1.1, the mesh's
    # control plane 2.4, Prometheus and Argo Rollouts 0.8, and what runs on every node about 1. Raise min before
    # a large sale (README.md says how): new nodes take minutes, a crowd seconds.
    on_demand = { instance_types = ["m7i.xlarge"], min = 4, max = 12 }
    spot      = { instance_types = ["m7i.xlarge", "m7a.xlarge", "m6i.xlarge", "m6a.xlarge"], min = 0, max = 24 }
  }

  database = {
    instance_class      = "db.r7g.xlarge"
    instance_count      = 2
    serverless          = null
    deletion_protection = true
    backup_days         = 14
  }

  cache = {
    node_type       = "cache.r7g.large"
    node_count      = 2
    snapshot_days   = 7
    lock_node_count = 3
    lock_node_type  = "cache.t4g.small"
  }

  workloads = {
    inventory-svc   = { max_replicas = 12, mysql_pool_size = 16 }
    reservation-svc = { max_replicas = 12, mysql_pool_size = 16 }
    user-svc        = { max_replicas = 12, mysql_pool_size = 8 }
  }

  ingress = {
    kind      = "nginx"
    zone_name = "tessera.example"
    host      = "api.tessera.example"
  }

  delivery = {
    repository_url = "https://github.com/example/tessera.git"
    revision       = "prod"
  }
}
