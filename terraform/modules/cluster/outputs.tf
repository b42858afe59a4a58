output "name" {
  description = "The cluster's name."
  value       = module.eks.cluster_name
}

output "endpoint" {
  description = "The API's address."
  value       = module.eks.cluster_endpoint
}

output "certificate_authority" {
  description = "The API's certificate authority, in base64."
  value       = module.eks.cluster_certificate_authority_data
}
