variable "name" {
  description = "What the database is called."
  type        = string
  nullable    = false
}

variable "instance_class" {
  description = "The class of every instance."
  type        = string
  nullable    = false
}

variable "instance_count" {
  description = "One writer, the rest readers."
  type        = number
  nullable    = false
}

variable "serverless" {
  description = "The capacity when the class is db.serverless, else null."
  type        = object({ min_acu = number, max_acu = number })
}

variable "is_protected" {
  description = "Whether AWS refuses to delete the database, and keeps a last snapshot when it may."
  type        = bool
  nullable    = false
}

variable "backup_days" {
  description = "How many days one can go back to."
  type        = number
  nullable    = false
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
  nullable    = false
}

variable "subnet_group" {
  description = "The name of the database's subnet group."
  type        = string
  nullable    = false
}

variable "client_security_group_id" {
  description = "The security group that is let in."
  type        = string
  nullable    = false
}
