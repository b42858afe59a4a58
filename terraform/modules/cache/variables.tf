variable "name" {
  description = "What the main group is called; lock nodes add a number to it."
  type        = string
  nullable    = false
}

variable "node_type" {
  description = "The class of the main group's nodes."
  type        = string
  nullable    = false
}

variable "node_count" {
  description = "One primary, the rest replicas; with two or more they fail over by themselves, across zones."
  type        = number
  nullable    = false
}

variable "snapshot_days" {
  description = "How many daily snapshots are kept."
  type        = number
  nullable    = false
}

variable "lock_node_count" {
  description = "Independent primaries that vote on locks; 1 makes none, and locks live in the main group."
  type        = number
  nullable    = false
}

variable "lock_node_type" {
  description = "The class of the lock nodes."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "The caches' subnets, in the order of the zones."
  type        = list(string)
  nullable    = false
}

variable "client_security_group_id" {
  description = "The security group that is let in."
  type        = string
  nullable    = false
}
