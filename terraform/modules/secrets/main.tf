# Every value below is ephemeral and written write-only: it goes to Secrets Manager and is in neither
# the plan nor the state. A version is written once and never raised here: another apply would make
# other values, and what KEY_ENCRYPTION_KEY sealed could not be opened again. Rotation is done in
# Secrets Manager (see README.md).

locals {
  version = 1

  # The services that have a schema, and its name.
  schemas = {
    inventory-svc   = "inventory"
    reservation-svc = "reservation"
    user-svc        = "user"
  }
  workloads = toset(concat(keys(local.schemas), ["bff"]))

  redis      = { REDIS_URL = var.redis_url }
  lock_nodes = length(var.lock_urls) == 0 ? {} : { REDIS_LOCK_URLS = join(",", var.lock_urls) }

  # What a workload has beside its database.
  others = {
    inventory-svc   = {}
    reservation-svc = merge(local.redis, local.lock_nodes, { PASS_SECRETS = ephemeral.random_password.pass.result })
    user-svc        = { KEY_ENCRYPTION_KEY = base64encode(ephemeral.random_password.key_encryption.result) }
  }
}

resource "aws_secretsmanager_secret" "this" {
  for_each = local.workloads

  name                    = "tessera/${var.environment}/${each.key}"
  description             = "Environment variables of ${each.key}, as JSON"
  recovery_window_in_days = var.recovery_days
}

# Letters and digits only: they stand in URLs and in SQL.
ephemeral "random_password" "mysql" {
  for_each = local.schemas

  length  = 32
  special = false
}

ephemeral "random_password" "pass" {
  length  = 48
  special = false
}

# 32 bytes, of 62 kinds each: 190 bits.
ephemeral "random_password" "key_encryption" {
  length  = 32
  special = false
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.schemas

  secret_id = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo = jsonencode(merge(
    { MYSQL_URL = "mysql://tessera_${each.value}:${ephemeral.random_password.mysql[each.key].result}@${var.mysql_host}:3306/${each.value}" },
    local.others[each.key],
  ))
  secret_string_wo_version = local.version
}

# The BFF must verify what reservation-svc signs. It takes what is stored, not what this run made up:
# after an apply that stopped between the two they would differ for good.
ephemeral "aws_secretsmanager_secret_version" "reservation" {
  secret_id = aws_secretsmanager_secret_version.this["reservation-svc"].secret_id
}

resource "aws_secretsmanager_secret_version" "bff" {
  secret_id = aws_secretsmanager_secret.this["bff"].id
  secret_string_wo = jsonencode(merge(local.redis, {
    PASS_SECRETS = jsondecode(ephemeral.aws_secretsmanager_secret_version.reservation.secret_string).PASS_SECRETS
  }))
  secret_string_wo_version = local.version
}
