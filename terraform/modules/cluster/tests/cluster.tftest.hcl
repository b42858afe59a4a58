mock_provider "aws" {}

override_data {
  target = data.aws_caller_identity.this
  values = { account_id = "111122223333" }
}

variables {
  name                            = "tessera-prod"
  environment                     = "prod"
  region                          = "eu-central-1"
  kubernetes_version              = "1.34"
  api_cidrs                       = []
  admin_arns                      = ["arn:aws:iam::111122223333:role/operators"]
  is_protected                    = true
  vpc_id                          = "vpc-1"
  node_subnet_ids                 = ["private-a"]
  control_plane_subnet_ids        = ["private-a"]
  store_clients_security_group_id = "sg-1"
  zone_name                       = "tessera.example"
  node_groups = {
    on_demand = { instance_types = ["m7i.large"], min = 3, max = 9 }
    spot      = { instance_types = [], min = 0, max = 0 }
  }
}

run "external_secrets_reads_its_own_environment" {
  command = plan

  assert {
    condition     = local.secrets_arn == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:tessera/prod/*"
    error_message = "Prod's operator reads prod's secrets, and nobody else's."
  }
}

run "every_controller_has_a_role_of_its_own" {
  command = plan

  assert {
    condition     = length(module.identity) == length(distinct([for identity in values(local.identities) : "${identity.namespace}/${identity.service_account}"]))
    error_message = "Two controllers share a service account."
  }
}

run "roles_have_names_that_iam_takes" {
  command = plan
  variables {
    name = "tessera-staging"
  }

  assert {
    condition     = alltrue([for name in keys(local.identities) : length("${var.name}-${name}-") <= 38])
    error_message = "IAM takes 38 characters of a role's name prefix."
  }
}
