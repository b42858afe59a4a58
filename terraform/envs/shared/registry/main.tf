module "registry" {
  source = "../../../modules/registry"

  workloads       = ["bff", "inventory-svc", "reservation-svc", "user-svc"]
  github_subjects = var.github_subjects
  reader_arns     = var.reader_arns
}
