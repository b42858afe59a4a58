terraform {
  required_version = ">= 1.11.1"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.28.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { system = "tessera", managed-by = "terraform" }
  }
}
