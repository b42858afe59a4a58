mock_provider "aws" {}

override_resource {
  target = aws_acm_certificate.this
  values = {
    arn = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
    domain_validation_options = [{
      domain_name           = "api.tessera.example"
      resource_record_name  = "_1.api.tessera.example"
      resource_record_type  = "CNAME"
      resource_record_value = "_2.acm.example"
    }]
  }
}

variables {
  zone_name = "tessera.example"
  host      = "api.tessera.example"
}

run "the_certificate_is_proven_by_a_record" {
  command = apply

  assert {
    condition     = aws_route53_record.this.name == "_1.api.tessera.example" && aws_route53_record.this.type == "CNAME"
    error_message = "The zone holds the proof that AWS asks for."
  }

  assert {
    condition     = output.certificate_arn == "arn:aws:acm:eu-central-1:111122223333:certificate/1"
    error_message = "The certificate is given out once it is proven."
  }
}
