variable "name" {
  description = "What the VPC and what is in it are called."
  type        = string
  nullable    = false
}

variable "cidr" {
  description = "The VPC's range."
  type        = string
  nullable    = false
}

variable "subnets" {
  description = "The subnets' ranges, one for each zone."
  type = object({
    private  = list(string)
    public   = list(string)
    database = list(string)
    cache    = list(string)
  })
  nullable = false
}

variable "nat" {
  description = "How private subnets reach the internet: a NAT gateway in every zone (per_zone), one for all (single), or none, where nodes stand in public subnets with addresses of their own."
  type        = string
  nullable    = false
}

variable "interface_endpoints" {
  description = "Whether AWS's own services are reached inside the VPC instead of over the internet."
  type        = bool
  nullable    = false
}
