locals {
  has_nat    = var.nat != "none"
  zone_count = length(var.subnets.private)

  # What nodes and pods ask all day: images, credentials, secrets, logs.
  interface_services = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "secretsmanager", "sts"]
}

data "aws_availability_zones" "this" {
  state = "available"

  # Local zones have neither Aurora nor NAT gateways.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "6.6.0"

  name = var.name
  cidr = var.cidr
  azs  = slice(data.aws_availability_zones.this.names, 0, local.zone_count)

  private_subnets     = var.subnets.private
  public_subnets      = var.subnets.public
  database_subnets    = var.subnets.database
  elasticache_subnets = var.subnets.cache

  # The cache module makes its own groups, one for each lock node.
  create_elasticache_subnet_group = false

  enable_nat_gateway      = local.has_nat
  single_nat_gateway      = var.nat == "single"
  one_nat_gateway_per_az  = var.nat == "per_zone"
  map_public_ip_on_launch = !local.has_nat

  # The load balancer controller finds its subnets by these tags.
  public_subnet_tags  = { "kubernetes.io/role/elb" = "1" }
  private_subnet_tags = { "kubernetes.io/role/internal-elb" = "1" }
}

module "endpoints" {
  source  = "terraform-aws-modules/vpc/aws//modules/vpc-endpoints"
  version = "6.6.0"

  vpc_id = module.vpc.vpc_id

  create_security_group      = var.interface_endpoints
  security_group_name_prefix = "${var.name}-endpoints-"
  security_group_rules = {
    https = {
      description = "HTTPS from the VPC"
      cidr_blocks = [var.cidr]
    }
  }

  endpoints = merge(
    {
      # Free, and image layers come from S3.
      s3 = {
        service         = "s3"
        service_type    = "Gateway"
        route_table_ids = concat(module.vpc.private_route_table_ids, module.vpc.public_route_table_ids)
      }
    },
    {
      for service in local.interface_services : replace(service, ".", "_") => {
        service             = service
        private_dns_enabled = true
        subnet_ids          = module.vpc.private_subnets
      } if var.interface_endpoints
    },
  )
}

# Nodes carry this group, and the stores admit whoever carries it: so neither layer needs the other,
# and a cluster is rebuilt beside a database that stays.
resource "aws_security_group" "this" {
  name        = "${var.name}-store-clients"
  description = "May reach MySQL and Redis"
  vpc_id      = module.vpc.vpc_id
}
