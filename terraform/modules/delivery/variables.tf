variable "environment" {
  description = "The environment, whose values files ArgoCD takes."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The AWS region."
  type        = string
  nullable    = false
}

variable "cluster_name" {
  description = "The EKS cluster."
  type        = string
  nullable    = false
}

variable "kubernetes_version" {
  description = "Kubernetes' minor version, which the autoscaler must share."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "The VPC, for the load balancer controller."
  type        = string
  nullable    = false
}

variable "ingress" {
  description = "The way in: alb or nginx (kind), the host's zone, and the certificate's ARN."
  type = object({
    kind            = string
    zone_name       = string
    certificate_arn = string
  })
  nullable = false
}

variable "repository_url" {
  description = "The Git repository that ArgoCD follows."
  type        = string
  nullable    = false
}

variable "revision" {
  description = "The branch or tag that ArgoCD follows."
  type        = string
  nullable    = false
}
