#!/bin/sh
# Prints the SQL that gives each service its schema and its account, with the passwords that are in
# Secrets Manager. Run it for one service after its password was changed there: the one before is good,
# too, until somebody discards it. MySQL keeps one such password for each account: to run it again, for
# all, before pods are rolled out would be the end of the one that they still use. Needs the AWS CLI and jq.
#
#   accounts.sh <environment> [service…] | kubectl run accounts --rm -i --restart=Never …   (see README.md)
set -eu

environment=${1:?usage: accounts.sh <environment> [service…]}
shift
[ $# -gt 0 ] || set -- inventory-svc reservation-svc user-svc

for service in "$@"; do
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
