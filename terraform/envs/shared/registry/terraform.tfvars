region          = "eu-central-1"
github_subjects = ["repo:example/tessera:ref:refs/heads/main"]
reader_arns     = []
