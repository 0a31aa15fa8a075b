#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# s3fs, of a bucket in moto's S3 server on this machine; it fails when a step ends
# other than on the kernel's own fuse. Fewer files: a file is some ten requests,
# and that server, in Python, answers few in a second on an emulated processor.
# where: servers
# packages: s3fs python3-moto/trixie python3-flask-cors python3-yaml iproute2
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
FILES=${FILES_S3:-12}
. "$FUSEPT_TESTS/servers.sh"

program=s3fs
address=127.0.0.1:9000
# Any signature will do for this server.
make_bucket() {
	python3 - "http://$address/bucket" <<'PYTHON'
import sys
import urllib.request
who = "AWS4-HMAC-SHA256 Credential=key/20200101/us-east-1/s3/aws4_request"
urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="PUT", headers={"Authorization": who}))
PYTHON
}
echo key:secret >"$T/key"
chmod 600 "$T/key"
prepare() { backend 900 "$address" python3 -m moto.server -H "${address%:*}" -p "${address#*:}" && make_bucket; }
own=(s3fs bucket -o "allow_other,passwd_file=$T/key,url=http://$address,use_path_request_style")
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped statfs remove)

compare
finish
