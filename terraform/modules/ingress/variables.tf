variable "zone_name" {
  description = "The Route 53 zone, which exists already."
  type        = string
  nullable    = false
}

variable "host" {
  description = "The host name that the public calls."
  type        = string
  nullable    = false
}
