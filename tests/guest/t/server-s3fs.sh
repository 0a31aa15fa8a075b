#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# s3fs, of a bucket in s3rver, an S3 server on this machine; it fails when a step
# ends other than on the kernel's own fuse. A file is some ten requests.
# where: servers
# packages: s3fs npm:s3rver@3.7.1 iproute2
# timeout: 9000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=s3fs
address=127.0.0.1:9000
# The only key that this server knows.
echo S3RVER:S3RVER >"$T/key"
chmod 600 "$T/key"
prepare() {
	rm -rf "$W/buckets"
	backend 900 "$address" node /usr/src/s3rver/node_modules/.bin/s3rver -d "$W/buckets" --configure-bucket bucket \
		-a "${address%:*}" -p "${address#*:}" --silent
}
own=(s3fs bucket -o "allow_other,passwd_file=$T/key,url=http://$address,use_path_request_style")
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped statfs remove)

compare
finish
