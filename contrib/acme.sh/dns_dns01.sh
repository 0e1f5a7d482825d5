#!/usr/bin/env sh
# acme.sh's DNS API for dns01: each record is written, and waited for, by `dns01 hook acme.sh`.
# Options are saved for renewals; credentials are not: they belong into dns01's configuration.

# shellcheck disable=SC2034 # acme.sh reads it
dns_dns01_info='dns01
 Publishes the value at any DNS host of dns01, and returns when the CA will see it.
Options:
 DNS01_CONFIG Configuration file of dns01. Optional.
 DNS01_PROVIDER DNS host. Optional where dns01 finds it by itself.
 DNS01_OPTIONS Options of "dns01 hook acme.sh", such as "--ttl 10". Optional.
 DNS01_COMMAND Path of dns01. Optional. Default "dns01".
'

_dns01_saved="DNS01_COMMAND DNS01_CONFIG DNS01_PROVIDER DNS01_OPTIONS"

# Usage: dns_dns01_add _acme-challenge.www.example.com VALUE
dns_dns01_add() {
  _dns01_settings || return 1
  _info "dns01: publishing at $1"
  # shellcheck disable=SC2086 # several words
  if ! "$DNS01_COMMAND" hook acme.sh $DNS01_OPTIONS add "$1" "$2"; then
    _err "dns01: the value for $1 is not ready; what stands above says why"
    return 1
  fi
  for _dns01_each in $_dns01_saved; do
    eval "_dns01_value=\${$_dns01_each:-}"
    if [ -n "$_dns01_value" ]; then
      _saveaccountconf_mutable "$_dns01_each" "$_dns01_value"
    else
      _clearaccountconf_mutable "$_dns01_each"
    fi
  done
}

# Usage: dns_dns01_rm _acme-challenge.www.example.com VALUE
dns_dns01_rm() {
  _dns01_settings || return 1
  _info "dns01: removing the value at $1"
  # shellcheck disable=SC2086 # several words
  if ! "$DNS01_COMMAND" hook acme.sh $DNS01_OPTIONS rm "$1" "$2"; then
    _err "dns01: the value at $1 is not removed: run 'dns01 clean --all' later"
    return 1
  fi
}

# Take from the account's configuration what the environment does not have; what is set to nothing, it has.
_dns01_settings() {
  for _dns01_each in $_dns01_saved; do
    if eval "[ -z \"\${$_dns01_each+set}\" ]"; then
      _dns01_value="$(_readaccountconf_mutable "$_dns01_each")"
      if [ -n "$_dns01_value" ]; then
        export "$_dns01_each=$_dns01_value"
      fi
    fi
  done
  DNS01_COMMAND="${DNS01_COMMAND:-dns01}"
  _debug DNS01_COMMAND "$DNS01_COMMAND"
  if ! command -v "$DNS01_COMMAND" >/dev/null 2>&1; then
    _err "dns01 is not installed, or not in PATH; DNS01_COMMAND may hold its path"
    return 1
  fi
}
