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

module "cluster" {
  source = "../../../modules/cluster"

  name               = module.settings.name
  environment        = module.settings.environment
  region             = module.settings.region
  kubernetes_version = module.settings.cluster.kubernetes_version
  api_cidrs          = module.settings.cluster.api_cidrs
  admin_arns         = module.settings.cluster.admin_arns
  is_protected       = module.settings.database.deletion_protection
  zone_name          = module.settings.ingress.zone_name
  node_groups = {
    on_demand = module.settings.cluster.on_demand
    spot      = module.settings.cluster.spot
  }

  vpc_id                          = local.network.vpc_id
  node_subnet_ids                 = local.network.node_subnet_ids
  control_plane_subnet_ids        = local.network.control_plane_subnet_ids
  store_clients_security_group_id = local.network.store_clients_security_group_id
}
