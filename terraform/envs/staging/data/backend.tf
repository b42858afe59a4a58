# The bucket and its region come from terraform/backend.hcl.
terraform {
  backend "s3" {
    key          = "staging/data.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
