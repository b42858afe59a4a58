variable "region" {
  description = "The registry's region: the environments' one, so that pulls stay within it."
  type        = string
  nullable    = false
}

variable "github_subjects" {
  description = "Whose workflows may push: one repository, and a branch, a tag or an environment of it."
  type        = list(string)
  nullable    = false
}

variable "reader_arns" {
  description = "Other accounts that pull, as arn:aws:iam::<account>:root."
  type        = list(string)
  nullable    = false
}
