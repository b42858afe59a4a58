# The bucket and its region come from terraform/backend.hcl.
terraform {
  backend "s3" {
    key          = "prod/platform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
