locals {
  network = data.terraform_remote_state.network.outputs.network
}

data "terraform_remote_state" "network" {
  backend = "s3"
  config = {
    bucket = module.settings.state_bucket
    key    = "${module.settings.environment}/network.tfstate"
    region = module.settings.region
  }
}

module "database" {
  source = "../../../modules/database"

  name                     = module.settings.name
  instance_class           = module.settings.database.instance_class
  instance_count           = module.settings.database.instance_count
  serverless               = module.settings.database.serverless
  is_protected             = module.settings.database.deletion_protection
  backup_days              = module.settings.database.backup_days
  vpc_id                   = local.network.vpc_id
  subnet_group             = local.network.database_subnet_group
  client_security_group_id = local.network.store_clients_security_group_id
}

module "cache" {
  source = "../../../modules/cache"

  name                     = module.settings.name
  node_type                = module.settings.cache.node_type
  node_count               = module.settings.cache.node_count
  snapshot_days            = module.settings.cache.snapshot_days
  lock_node_count          = module.settings.cache.lock_node_count
  lock_node_type           = module.settings.cache.lock_node_type
  vpc_id                   = local.network.vpc_id
  subnet_ids               = local.network.cache_subnet_ids
  client_security_group_id = local.network.store_clients_security_group_id
}

module "secrets" {
  source = "../../../modules/secrets"

  environment   = module.settings.environment
  mysql_host    = module.database.writer_endpoint
  redis_url     = module.cache.redis_url
  lock_urls     = module.cache.lock_urls
  recovery_days = module.settings.database.deletion_protection ? 30 : 0
}
