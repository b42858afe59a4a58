mock_provider "aws" {}

override_module {
  target  = module.main
  outputs = { replication_group_primary_endpoint_address = "main.example" }
}

override_module {
  target  = module.lock
  outputs = { replication_group_primary_endpoint_address = "lock.example" }
}

variables {
  name                     = "tessera-staging"
  node_type                = "cache.t4g.small"
  node_count               = 1
  snapshot_days            = 0
  lock_node_count          = 1
  lock_node_type           = "cache.t4g.small"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["cache-a", "cache-b"]
  client_security_group_id = "sg-1"
}

run "a_lone_node_has_nobody_to_fail_over_to" {
  command = plan

  assert {
    condition     = !local.is_replicated && output.lock_urls == []
    error_message = "One node, and locks that live in it."
  }

  assert {
    condition     = output.redis_url == "rediss://main.example:6379"
    error_message = "The cache speaks TLS only."
  }
}

run "three_nodes_vote_on_locks" {
  command = plan
  variables {
    node_count      = 2
    lock_node_count = 3
  }

  assert {
    condition     = local.is_replicated && length(output.lock_urls) == 3
    error_message = "Locks have three primaries of their own beside the replicated group."
  }

  assert {
    condition     = alltrue([for url in output.lock_urls : startswith(url, "rediss://")])
    error_message = "Lock nodes speak TLS only."
  }
}
