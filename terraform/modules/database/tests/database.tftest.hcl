mock_provider "aws" {}

override_module {
  target = module.aurora
  outputs = {
    cluster_endpoint           = "writer.example"
    cluster_reader_endpoint    = "reader.example"
    cluster_master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds" }]
  }
}

variables {
  name                     = "tessera-prod"
  instance_class           = "db.r7g.xlarge"
  instance_count           = 2
  serverless               = null
  is_protected             = true
  backup_days              = 14
  vpc_id                   = "vpc-1"
  subnet_group             = "tessera-prod"
  client_security_group_id = "sg-1"
}

run "services_are_led_to_the_writer" {
  command = plan

  assert {
    condition     = output.writer_endpoint == "writer.example" && output.reader_endpoint == "reader.example"
    error_message = "The writer's name follows the writer through a failover."
  }
}

run "a_restored_cluster_has_no_password_yet" {
  command = plan

  override_module {
    target = module.aurora
    outputs = {
      cluster_endpoint           = "writer.example"
      cluster_reader_endpoint    = "reader.example"
      cluster_master_user_secret = []
    }
  }

  assert {
    condition     = output.master_secret_arn == null
    error_message = "A restore leaves the secret behind, and the plan that follows must not fail for it."
  }
}

run "serverless_takes_a_capacity" {
  command = plan
  variables {
    instance_class = "db.serverless"
    serverless     = { min_acu = 0.5, max_acu = 8 }
  }

  assert {
    condition     = endswith(output.master_secret_arn, ":rds")
    error_message = "The administrator's password is where RDS keeps it."
  }
}
