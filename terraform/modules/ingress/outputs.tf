output "certificate_arn" {
  description = "The certificate of the host name, once it is proven."
  value       = aws_acm_certificate_validation.this.certificate_arn
}
