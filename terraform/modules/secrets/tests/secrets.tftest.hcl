mock_provider "aws" {}
mock_provider "random" {}

variables {
  environment   = "staging"
  mysql_host    = "writer.example"
  redis_url     = "rediss://main.example:6379"
  lock_urls     = []
  recovery_days = 0
}

run "every_workload_has_a_secret" {
  command = plan

  assert {
    condition     = output.names["bff"] == "tessera/staging/bff" && length(output.names) == 4
    error_message = "The charts look for tessera/<environment>/<workload>."
  }

  assert {
    condition     = alltrue([for version in values(aws_secretsmanager_secret_version.this) : version.secret_string == null])
    error_message = "No value is anything but write-only."
  }

  assert {
    condition     = length(local.lock_nodes) == 0
    error_message = "Without lock nodes REDIS_LOCK_URLS is not set, and locks live in REDIS_URL."
  }
}

run "lock_nodes_are_told" {
  command = plan
  variables {
    lock_urls = ["rediss://a.example:6379", "rediss://b.example:6379", "rediss://c.example:6379"]
  }

  assert {
    condition     = local.lock_nodes.REDIS_LOCK_URLS == "rediss://a.example:6379,rediss://b.example:6379,rediss://c.example:6379"
    error_message = "REDIS_LOCK_URLS are separated by commas."
  }
}

run "a_window_that_aws_does_not_take" {
  command = plan
  variables {
    recovery_days = 3
  }
  expect_failures = [var.recovery_days]
}
