/* SPDX-License-Identifier: MIT */
/* From an operation to the settings of a job; and the checks of its texts.
 *
 * Purpose: everything that can be wrong with an operation is found when the job
 *   starts.
 * Ownership: the job owns what is copied.
 * Thread-safety: as the job's creation.
 * Limits: see the constants in settings.c. */
#ifndef FPOOL_ENGINE_HTTP_SETTINGS_H
#define FPOOL_ENGINE_HTTP_SETTINGS_H

#include <curl/curl.h>

#include "engine/http/job.h"

/* FPOOL_EINVAL, FPOOL_EUNSUPPORTED, FPOOL_ELOCAL, FPOOL_ENOMEM. */
enum fpool_status fpool_http_settings_read(struct fpool_http_job *job,
                                           const struct fpool_op *op);
void fpool_http_settings_release(struct fpool_http_job *job);

/* NULL, or what is wrong with lines "Name: value"; with a method. */
const char *fpool_http_check_headers(const char *lines);
const char *fpool_http_check_method(const char *method);

/* Adds the lines to '*list', which is stored back.  False without memory. */
bool fpool_http_add_headers(struct curl_slist **list, const char *lines);

#endif
