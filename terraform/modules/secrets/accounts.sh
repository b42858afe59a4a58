#!/bin/sh
# Prints the SQL that gives each service its schema and its account, with the passwords that are in
# Secrets Manager. Run it again after a password was changed there: the one before is good, too, until
# somebody discards it. Needs the AWS CLI and jq.
#
#   accounts.sh <environment> | kubectl run accounts --rm -i --restart=Never …   (see README.md)
set -eu

environment=${1:?usage: accounts.sh <environment>}

for service in inventory-svc reservation-svc user-svc; do
  url=$(aws secretsmanager get-secret-value --secret-id "tessera/$environment/$service" \
    --query SecretString --output text | jq -er .MYSQL_URL)
  # mysql://account:password@host:port/schema
  credentials=${url#mysql://}
  credentials=${credentials%%@*}
  account=${credentials%%:*}
  password=${credentials#*:}
  schema=${url##*/}
  cat <<SQL
CREATE DATABASE IF NOT EXISTS \`$schema\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS '$account'@'%' IDENTIFIED BY '$password' REQUIRE SSL;
ALTER USER '$account'@'%' IDENTIFIED BY '$password' RETAIN CURRENT PASSWORD REQUIRE SSL;
GRANT ALL PRIVILEGES ON \`$schema\`.* TO '$account'@'%';
SQL
done
