output "backend" {
  description = "What terraform/backend.hcl holds."
  value       = <<-EOT
    bucket = "${aws_s3_bucket.this.bucket}"
    region = "${var.region}"
  EOT
}
