terraform {
  required_version = ">= 1.11.1"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.1"
    }
  }
}
