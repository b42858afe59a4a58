mock_provider "aws" {}

override_data {
  target = data.aws_availability_zones.this
  values = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
}

override_module {
  target = module.vpc
  outputs = {
    vpc_id                     = "vpc-1"
    private_subnets            = ["private-a", "private-b"]
    public_subnets             = ["public-a", "public-b"]
    elasticache_subnets        = ["cache-a", "cache-b"]
    database_subnet_group_name = "tessera-staging"
    private_route_table_ids    = ["rtb-1"]
    public_route_table_ids     = ["rtb-2"]
  }
}

variables {
  name                = "tessera-staging"
  cidr                = "10.20.0.0/16"
  nat                 = "per_zone"
  interface_endpoints = true
  subnets = {
    private  = ["10.20.0.0/20", "10.20.16.0/20"]
    public   = ["10.20.128.0/24", "10.20.129.0/24"]
    database = ["10.20.144.0/24", "10.20.145.0/24"]
    cache    = ["10.20.160.0/24", "10.20.161.0/24"]
  }
}

run "nodes_stand_behind_nat" {
  command = plan

  assert {
    condition     = join(" ", output.node_subnet_ids) == "private-a private-b"
    error_message = "With a NAT gateway nodes have no address of their own."
  }

  assert {
    condition     = length(output.store_cidrs) == 4
    error_message = "The charts let pods reach both kinds of store in every zone."
  }
}

run "without_nat_nodes_have_their_own_way_out" {
  command = plan
  variables {
    nat = "none"
  }

  assert {
    condition     = join(" ", output.node_subnet_ids) == "public-a public-b"
    error_message = "Without a NAT gateway nodes stand where there is a way out."
  }

  assert {
    condition     = join(" ", output.control_plane_subnet_ids) == "private-a private-b"
    error_message = "The API stays in private subnets."
  }
}
