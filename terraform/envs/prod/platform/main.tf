locals {
  network = data.terraform_remote_state.network.outputs.network
  cluster = data.terraform_remote_state.cluster.outputs.cluster
}

data "terraform_remote_state" "network" {
  backend = "s3"
  config = {
    bucket = module.settings.state_bucket
    key    = "${module.settings.environment}/network.tfstate"
    region = module.settings.region
  }
}

data "terraform_remote_state" "cluster" {
  backend = "s3"
  config = {
    bucket = module.settings.state_bucket
    key    = "${module.settings.environment}/cluster.tfstate"
    region = module.settings.region
  }
}

module "ingress" {
  source = "../../../modules/ingress"

  zone_name = module.settings.ingress.zone_name
  host      = module.settings.ingress.host
}

module "delivery" {
  source = "../../../modules/delivery"

  environment        = module.settings.environment
  region             = module.settings.region
  cluster_name       = local.cluster.name
  kubernetes_version = module.settings.cluster.kubernetes_version
  vpc_id             = local.network.vpc_id
  repository_url     = module.settings.delivery.repository_url
  revision           = module.settings.delivery.revision
  ingress = {
    kind            = module.settings.ingress.kind
    zone_name       = module.settings.ingress.zone_name
    certificate_arn = module.ingress.certificate_arn
  }
}
