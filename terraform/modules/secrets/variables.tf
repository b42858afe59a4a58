variable "environment" {
  description = "The environment, which is in every secret's name."
  type        = string
  nullable    = false
}

variable "mysql_host" {
  description = "The database's writer."
  type        = string
  nullable    = false
}

variable "redis_url" {
  description = "The main cache."
  type        = string
  nullable    = false
}

variable "lock_urls" {
  description = "The nodes that vote on locks; none when locks live in the main cache."
  type        = list(string)
  nullable    = false
}

variable "recovery_days" {
  description = "How long a deleted secret can be had back: 0, or 7 to 30. With 0 an environment can be destroyed and rebuilt at once."
  type        = number
  nullable    = false

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "recovery_days is 0, or 7 to 30: AWS takes nothing between."
  }
}
