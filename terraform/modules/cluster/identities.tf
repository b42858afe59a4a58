data "aws_caller_identity" "this" {}

data "aws_route53_zone" "this" {
  name = var.zone_name
}

locals {
  # Controllers that call AWS, by the service account they run as. IAM takes 38 characters of a name's
  # prefix, the environment's name included.
  identities = {
    load-balancer      = { namespace = "kube-system", service_account = "aws-load-balancer-controller" }
    cluster-autoscaler = { namespace = "kube-system", service_account = "cluster-autoscaler" }
    ebs-csi            = { namespace = "kube-system", service_account = "ebs-csi-controller-sa" }
    external-dns       = { namespace = "external-dns", service_account = "external-dns" }
    external-secrets   = { namespace = "external-secrets", service_account = "external-secrets" }
  }

  # A secret's ARN ends in six characters that nobody knows before it is made.
  secrets_arn = "arn:aws:secretsmanager:${var.region}:${data.aws_caller_identity.this.account_id}:secret:tessera/${var.environment}/*"
}

module "identity" {
  source   = "terraform-aws-modules/eks-pod-identity/aws"
  version  = "2.8.1"
  for_each = local.identities

  name = "${var.name}-${each.key}"

  attach_aws_lb_controller_policy  = each.key == "load-balancer"
  attach_cluster_autoscaler_policy = each.key == "cluster-autoscaler"
  attach_aws_ebs_csi_policy        = each.key == "ebs-csi"
  attach_external_dns_policy       = each.key == "external-dns"
  attach_custom_policy             = each.key == "external-secrets"

  # Each may touch what is this environment's, and no more.
  cluster_autoscaler_cluster_names = [module.eks.cluster_name]
  external_dns_hosted_zone_arns    = [data.aws_route53_zone.this.arn]
  # The module's own policy for it allows every KMS key, if none is named. Our secrets have AWS's key for
  # them, which asks nobody who may read the secret.
  policy_statements = each.key != "external-secrets" ? [] : [{
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [local.secrets_arn]
  }]

  associations = {
    this = {
      cluster_name    = module.eks.cluster_name
      namespace       = each.value.namespace
      service_account = each.value.service_account
    }
  }
}
