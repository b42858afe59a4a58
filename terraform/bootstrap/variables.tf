variable "region" {
  description = "Where the states are kept: the environments' region."
  type        = string
  nullable    = false
}
