#!/usr/bin/env bash
# Runs the policies' proof on a PostgreSQL that psql reaches by the usual PG* variables, in a database of its own.
# The roles anon, authenticated and service_role belong to the whole server: use a private one.
set -euo pipefail
cd "$(dirname "$0")/.."
database="hiring_policies_$$"
trap 'psql -qd postgres -c "drop database if exists $database" -c "drop role if exists anon, authenticated, service_role"' EXIT
psql -qd postgres -c "create database $database"
for file in tests/postgres_stub.sql migrations/*.sql seed/*.sql seed.sql; do
  psql -qX -v ON_ERROR_STOP=1 --single-transaction -d "$database" -f "$file"
done
psql -qX -d "$database" -c analyze -f tests/policies.sql
