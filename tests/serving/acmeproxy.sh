# Asks as acme.sh's acmeproxy does: ENDPOINT ACTION FULLDOMAIN VALUE [USER:PASSWORD].
# It looks for the value, in quotes, in what it is answered, and at nothing else.
set -eu
body="{\"fqdn\": \"$3.\", \"value\": \"$4\"}"
set -- "$1/$2" "$4" ${5:+--user "$5"}
url=$1 value=$2
shift 2
answer=$(curl --silent --request POST --header "Accept: application/json" \
  --header "Content-Type: application/json" --data "$body" "$@" "$url")
printf '%s\n' "$answer"
printf '%s\n' "$answer" | grep -F "\"$value\"" >/dev/null
