# The same in every layer: settings are read from ../terraform.tfvars and checked before they are used.
variable "settings" {
  description = "The environment's settings; modules/settings says what they are, and checks their types."
  type        = any
  nullable    = false
}

module "settings" {
  source = "../../../modules/settings"

  environment  = var.settings.environment
  region       = var.settings.region
  state_bucket = var.settings.state_bucket
  network      = var.settings.network
  cluster      = var.settings.cluster
  database     = var.settings.database
  cache        = var.settings.cache
  workloads    = var.settings.workloads
  ingress      = var.settings.ingress
  delivery     = var.settings.delivery
}
