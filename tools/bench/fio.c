// SPDX-License-Identifier: GPL-2.0-only
/* Throughput, as fio(1) measures it. */
#define _GNU_SOURCE
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench.h"

const struct fio_row fio_rows[] = {
	{ "fio-randread4k", "4 KiB random read", "randread", "4k" },
	{ "fio-randwrite4k", "4 KiB random write", "randwrite", "4k" },
	{ "fio-read4k", "4 KiB sequential read", "read", "4k" },
	{ "fio-write4k", "4 KiB sequential write", "write", "4k" },
	{ "fio-randread128k", "128 KiB random read", "randread", "128k" },
	{ "fio-randwrite128k", "128 KiB random write", "randwrite", "128k" },
	{ "fio-read128k", "128 KiB sequential read", "read", "128k" },
	{ "fio-write128k", "128 KiB sequential write", "write", "128k" },
};
const int nr_fio_rows = sizeof(fio_rows) / sizeof(fio_rows[0]);

static double iops_of(struct json_object *root, const char *side)
{
	struct json_object *jobs, *job, *part, *iops, *error;

	if (!json_object_object_get_ex(root, "jobs", &jobs) ||
	    !json_object_is_type(jobs, json_type_array) ||
	    json_object_array_length(jobs) < 1)
		return -1;
	job = json_object_array_get_idx(jobs, 0);
	if (json_object_object_get_ex(job, "error", &error) &&
	    json_object_get_int(error))
		return -1;
	if (!json_object_object_get_ex(job, side, &part) ||
	    !json_object_object_get_ex(part, "iops", &iops))
		return -1;
	return json_object_get_double(iops);
}

bool fio_found(void)
{
	const char *dirs = getenv("PATH"), *end;
	bool found;
	char *path;

	/* without PATH as posix_spawnp(3) */
	for (dirs = dirs ? dirs : "/bin:/usr/bin";; dirs = end + 1) {
		end = strchrnul(dirs, ':');
		if (asprintf(&path, "%.*s%sfio", (int)(end - dirs), dirs,
			     end > dirs ? "/" : "") < 0)
			return false;
		found = !access(path, X_OK);
		free(path);
		if (found || !*end)
			return found;
	}
}

double fio_measure(const struct fio_row *row, const struct fio_params *p,
		   const char *dir)
{
	char rw[32], bs[32], size[64], jobs[32], depth[32], runtime[32], engine[64];
	char direct[16];
	char *out = NULL, *where = NULL, *output = NULL;
	const char *side = strstr(row->rw, "read") ? "read" : "write";
	struct json_object *root;
	double iops = -1;

	snprintf(rw, sizeof(rw), "--rw=%s", row->rw);
	snprintf(bs, sizeof(bs), "--bs=%s", row->bs);
	snprintf(size, sizeof(size), "--size=%s", p->size);
	snprintf(jobs, sizeof(jobs), "--numjobs=%d", p->jobs);
	snprintf(depth, sizeof(depth), "--iodepth=%d", p->depth);
	snprintf(runtime, sizeof(runtime), "--runtime=%d", p->seconds);
	snprintf(engine, sizeof(engine), "--ioengine=%s", p->engine);
	snprintf(direct, sizeof(direct), "--direct=%d", p->direct);
	if (asprintf(&out, "%s/fio.json", dir) < 0 ||
	    asprintf(&where, p->shared ? "--filename=%s/shared" : "--directory=%s",
		     dir) < 0 ||
	    asprintf(&output, "--output=%s", out) < 0) {
		perror("fusept-bench: fio");
		goto done;
	}

	const char *const argv[] = {
		"fio", "--name=bench", where, output, "--output-format=json", rw,
		bs, size, jobs, depth, runtime, engine, direct, "--time_based",
		"--group_reporting", "--randrepeat=1", "--fallocate=none", NULL
	};
	if (run_command(argv)) {
		fprintf(stderr, "fusept-bench: fio failed: %s in %s\n", row->name, dir);
		goto done;
	}
	root = json_object_from_file(out);
	if (root) {
		iops = iops_of(root, side);
		json_object_put(root);
	}
	if (iops < 0)
		fprintf(stderr, "fusept-bench: %s: no figure in fio's answer\n", out);
done:
	if (out)
		unlink(out);
	free(output);
	free(where);
	free(out);
	return iops;
}
