mock_provider "aws" {}

override_module {
  target = module.repository
  outputs = {
    repository_arn = "arn:aws:ecr:eu-central-1:111122223333:repository/tessera/bff"
    repository_url = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/tessera/bff"
  }
}

variables {
  workloads       = ["bff", "user-svc"]
  github_subjects = ["repo:example/tessera:ref:refs/heads/main"]
  reader_arns     = []
}

run "charts_get_the_registrys_host" {
  command = plan

  assert {
    condition     = output.registry == "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
    error_message = "A repository's address begins with the registry's host."
  }
}

run "an_environment_may_push" {
  command = plan
  variables {
    github_subjects = ["repo:example/tessera:environment:release"]
  }
}

run "any_branch_may_not_push" {
  command = plan
  variables {
    github_subjects = ["repo:example/tessera:*"]
  }
  expect_failures = [var.github_subjects]
}

run "any_repository_may_not_push" {
  command = plan
  variables {
    github_subjects = ["repo:example/*:ref:refs/heads/main"]
  }
  expect_failures = [var.github_subjects]
}

run "a_pull_request_may_not_push" {
  command = plan
  variables {
    github_subjects = ["repo:example/tessera:pull_request"]
  }
  expect_failures = [var.github_subjects]
}

run "nobody_is_not_enough" {
  command = plan
  variables {
    github_subjects = []
  }
  expect_failures = [var.github_subjects]
}
