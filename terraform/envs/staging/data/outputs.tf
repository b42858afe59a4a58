output "writer_endpoint" {
  description = "The database's writer, for people; services have it in MYSQL_URL."
  value       = module.database.writer_endpoint
}

output "reader_endpoint" {
  description = "The database's readers, for people and reports."
  value       = module.database.reader_endpoint
}

output "master_secret_arn" {
  description = "Where the database administrator's password is."
  value       = module.database.master_secret_arn
}

output "secret_names" {
  description = "The secrets by workload."
  value       = module.secrets.names
}
