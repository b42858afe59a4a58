module "network" {
  source = "../../../modules/network"

  name                = module.settings.name
  cidr                = module.settings.network.cidr
  subnets             = module.settings.network.subnets
  nat                 = module.settings.network.nat
  interface_endpoints = module.settings.network.interface_endpoints
}
