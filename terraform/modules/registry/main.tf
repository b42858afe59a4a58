locals {
  # A digest that prod runs must outlive many pushes; what nobody named is gone after two weeks.
  lifecycle_policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Unnamed images go after two weeks"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "The last 500 releases stay"
        selection    = { tagStatus = "tagged", tagPatternList = ["*"], countType = "imageCountMoreThan", countNumber = 500 }
        action       = { type = "expire" }
      },
    ]
  })
}

module "repository" {
  source   = "terraform-aws-modules/ecr/aws"
  version  = "3.2.0"
  for_each = var.workloads

  repository_name                 = "tessera/${each.key}"
  repository_image_tag_mutability = "IMMUTABLE"
  repository_image_scan_on_push   = true
  repository_lifecycle_policy     = local.lifecycle_policy
  repository_read_access_arns     = var.reader_arns
}

locals {
  repository_arns = [for repository in values(module.repository) : repository.repository_arn]
}

# GitHub's workflows prove who they are with a token of their own: no key of AWS is kept at GitHub.
module "github" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-oidc-provider"
  version = "6.5.0"

  url = "https://token.actions.githubusercontent.com"
}

module "push_role" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-role"
  version = "6.5.0"

  name            = "tessera-image-push"
  use_name_prefix = false
  description     = "Pushes Tessera's images, from workflows of one branch"

  enable_github_oidc = true
  oidc_subjects      = var.github_subjects
  oidc_audiences     = ["sts.amazonaws.com"]

  create_inline_policy = true
  inline_policy_permissions = {
    SignIn = {
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
    Push = {
      actions = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ]
      resources = local.repository_arns
    }
  }

  # The role is of no use before GitHub's tokens are believed.
  depends_on = [module.github]
}

# What looks at images needs no right to push any.
module "read_role" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-role"
  version = "6.5.0"

  name            = "tessera-image-read"
  use_name_prefix = false
  description     = "Looks for Tessera's images and pulls them, from workflows of one branch"

  enable_github_oidc = true
  oidc_subjects      = var.github_subjects
  oidc_audiences     = ["sts.amazonaws.com"]

  create_inline_policy = true
  inline_policy_permissions = {
    SignIn = {
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
    Read = {
      actions   = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
      resources = local.repository_arns
    }
  }

  depends_on = [module.github]
}
