variable "name" {
  description = "What the cluster and its roles are called."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "The environment, whose secrets External Secrets may read."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region of the environment's secrets."
  type        = string
  nullable    = false
}

variable "kubernetes_version" {
  description = "Kubernetes' minor version."
  type        = string
  nullable    = false
}

variable "api_cidrs" {
  description = "Who may reach the API from outside; none closes it."
  type        = list(string)
  nullable    = false
}

variable "admin_arns" {
  description = "IAM roles that administer the cluster."
  type        = list(string)
  nullable    = false
}

variable "node_groups" {
  description = "The groups of nodes, on demand and spot."
  type = object({
    on_demand = object({ instance_types = list(string), min = number, max = number })
    spot      = object({ instance_types = list(string), min = number, max = number })
  })
  nullable = false
}

variable "is_protected" {
  description = "Whether AWS refuses to delete the cluster."
  type        = bool
  nullable    = false
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
  nullable    = false
}

variable "node_subnet_ids" {
  description = "Where nodes stand."
  type        = list(string)
  nullable    = false
}

variable "control_plane_subnet_ids" {
  description = "Where the API has its network interfaces."
  type        = list(string)
  nullable    = false
}

variable "store_clients_security_group_id" {
  description = "The security group that lets nodes reach the stores."
  type        = string
  nullable    = false
}

variable "zone_name" {
  description = "The Route 53 zone that external-dns may write to."
  type        = string
  nullable    = false
}
