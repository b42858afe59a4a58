module "aurora" {
  source  = "terraform-aws-modules/rds-aurora/aws"
  version = "10.2.0"

  name           = var.name
  engine         = "aurora-mysql"
  engine_version = "8.0"

  cluster_instance_class = var.instance_class
  # The writer is whichever instance Aurora made it; the next one is that of the lowest tier.
  instances = {
    for index in range(var.instance_count) : tostring(index + 1) => { promotion_tier = index }
  }
  serverlessv2_scaling_configuration = var.serverless == null ? null : {
    min_capacity = var.serverless.min_acu
    max_capacity = var.serverless.max_acu
  }

  # RDS makes the password, keeps it in Secrets Manager and rotates it: Terraform never sees it.
  master_username             = "tessera"
  manage_master_user_password = true

  vpc_id               = var.vpc_id
  db_subnet_group_name = var.subnet_group
  security_group_ingress_rules = {
    clients = { referenced_security_group_id = var.client_security_group_id }
  }

  cluster_parameter_group = {
    name   = var.name
    family = "aurora-mysql8.0"
    parameters = [
      { name = "require_secure_transport", value = "ON", apply_method = "immediate" },
      { name = "character_set_server", value = "utf8mb4", apply_method = "immediate" },
      { name = "time_zone", value = "UTC", apply_method = "immediate" },
    ]
  }
  db_parameter_group = {
    name   = var.name
    family = "aurora-mysql8.0"
    parameters = [
      { name = "slow_query_log", value = "1", apply_method = "immediate" },
      { name = "long_query_time", value = "1", apply_method = "immediate" },
    ]
  }
  enabled_cloudwatch_logs_exports = ["error", "slowquery"]

  storage_encrypted         = true
  backup_retention_period   = var.backup_days
  copy_tags_to_snapshot     = true
  deletion_protection       = var.is_protected
  skip_final_snapshot       = !var.is_protected
  final_snapshot_identifier = "${var.name}-final"
}
