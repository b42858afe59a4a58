variable "workloads" {
  description = "Workloads that have images: a repository tessera/<workload> for each."
  type        = set(string)
  nullable    = false
}

variable "github_subjects" {
  description = "Whose workflows may push and pull: subjects of GitHub's tokens, such as repo:example/tessera:ref:refs/heads/main."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.github_subjects) > 0 && alltrue([for subject in var.github_subjects : can(regex("^repo:[^/*:]+/[^/*:]+:(ref:refs/(heads|tags)|environment)[:/][^*]+$", subject))])
    error_message = "a subject names one repository and one branch, tag or environment, without wildcards: a pull request from a stranger's fork must never push."
  }
}

variable "reader_arns" {
  description = "Other accounts that pull, as arn:aws:iam::<account>:root; none when everything lives in one."
  type        = list(string)
  nullable    = false
}
