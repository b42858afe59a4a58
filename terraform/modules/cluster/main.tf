locals {
  capacity_types = { on_demand = "ON_DEMAND", spot = "SPOT" }
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "21.19.0"

  name                = var.name
  kubernetes_version  = var.kubernetes_version
  deletion_protection = var.is_protected

  vpc_id                   = var.vpc_id
  subnet_ids               = var.node_subnet_ids
  control_plane_subnet_ids = var.control_plane_subnet_ids
  # network.cidr lies elsewhere: settings sees to it.
  service_ipv4_cidr = "172.20.0.0/16"

  endpoint_public_access       = length(var.api_cidrs) > 0
  endpoint_public_access_cidrs = var.api_cidrs

  # Pods get their rights by pod identity, and people by the entries below: whoever happened to create
  # the cluster has no special place.
  enable_irsa                              = false
  enable_cluster_creator_admin_permissions = false
  access_entries = {
    for arn in var.admin_arns : arn => {
      principal_arn = arn
      policy_associations = {
        admin = {
          policy_arn   = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
          access_scope = { type = "cluster" }
        }
      }
    }
  }

  # Their versions follow kubernetes_version: the module takes the newest that fits it.
  addons = {
    coredns                = {}
    kube-proxy             = {}
    metrics-server         = {}
    aws-ebs-csi-driver     = {}
    eks-pod-identity-agent = { before_compute = true }
    vpc-cni = {
      before_compute = true
      # Without it the charts' network policies would be accepted and enforced by nobody.
      configuration_values = jsonencode({ enableNetworkPolicy = "true" })
    }
  }

  eks_managed_node_groups = {
    for key, group in var.node_groups : replace(key, "_", "-") => {
      ami_type               = "AL2023_x86_64_STANDARD"
      capacity_type          = local.capacity_types[key]
      instance_types         = group.instance_types
      min_size               = group.min
      max_size               = group.max
      desired_size           = group.min
      vpc_security_group_ids = [var.store_clients_security_group_id]
    } if group.max > 0
  }
}
