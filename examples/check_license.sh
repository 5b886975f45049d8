#!/bin/sh
# Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.
# Needs curl, openssl and jq.
#
#   sh check_license.sh URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]
#
# Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered.
set -u

tolerance=300 # seconds between the server's clock and this one

fail() {
  echo "not trustworthy: $1" >&2
  exit 2
}

if [ $# -lt 5 ] || [ $# -gt 6 ]; then
  echo "usage: check_license.sh URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]" >&2
  exit 2
fi
url=${1%/}/api/v1/verify api_key=$2 license_key=$3 identifier=$4 public_key=$5 global_key=${6-}

files=$(mktemp -d) || fail "no temporary directory"
trap 'rm -rf "$files"' EXIT

# curl follows no redirect unless it is told to.
status=$(curl --silent --max-time 10 --max-filesize 1000000 --output "$files/reply.json" --write-out '%{http_code}' \
  --data-urlencode "api_key=$api_key" --data-urlencode "license_key=$license_key" \
  --data-urlencode "identifier=$identifier" "$url") || fail "no answer from $url"
# 401 and 403 carry signed refusals where the server runs with --http-status documented.
case $status in
  200 | 401 | 403) ;;
  *) fail "HTTP $status" ;;
esac

# The signed bytes are the text of response_base64. They are decoded after they are verified, and .response is never read.
jq -erj '.response_base64 | strings' "$files/reply.json" > "$files/signed" 2> /dev/null &&
  jq -erj '.signature | strings' "$files/reply.json" 2> /dev/null | openssl base64 -d -A > "$files/signature" ||
  fail "the answer is no signed envelope"

signed_by() {
  [ -n "$1" ] && openssl dgst -sha256 -verify "$1" -signature "$files/signature" "$files/signed" > /dev/null 2>&1
}
if signed_by "$public_key"; then
  key=own
elif signed_by "$global_key"; then
  key=global
else
  fail "signed by no key that is trusted here"
fi

openssl base64 -d -A -in "$files/signed" -out "$files/response" || fail "response_base64 holds no base64"
code=$(jq -er '.code | strings, numbers' "$files/response") && message=$(jq -er '.message | strings' "$files/response") &&
  timestamp=$(jq -er '.timestamp | numbers | floor' "$files/response") || fail "the signed text is no answer"

# An old answer is signed as well as a new one.
age=$(($(date +%s) - timestamp))
if [ "$age" -gt "$tolerance" ] || [ "$age" -lt "-$tolerance" ]; then
  fail "the answer is $age seconds old"
fi

if [ "$code" != 200 ]; then
  echo "refused: $code $message"
  exit 1
fi
# The global key signs "valid" for products without a key of their own: no answer for this one.
[ $key = own ] || fail "valid, but for another product"
echo "valid"
