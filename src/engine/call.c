/* SPDX-License-Identifier: MIT */
/* The `call` engine: runs the user's function on a worker thread. */
#include "fetchpool/call.h"

#include "core/task.h"
#include "fetchpool/engine.h"

static enum fpool_status call_open(void *state, const struct fpool_op *op,
                                   void *context)
{
    const struct fpool_call_op *call = (const struct fpool_call_op *)op;

    (void)context;
    if (op->struct_size != sizeof(*call) ||
        (call->function == NULL) == (call->star_function == NULL)) {
        return FPOOL_EINVAL;
    }
    *(struct fpool_call_op *)state = *call;
    return FPOOL_OK;
}

static enum fpool_status call_run(void *state, struct fpool_task *task,
                                  struct fpool_result *result)
{
    const struct fpool_call_op *call = state;

    result->drop_value = task->job->drop_value;
    if (call->function != NULL) {
        result->code = call->function(task, result->item.data, &result->value);
    } else {
        result->code = call->star_function(task, result->item.data, call->argc,
                                           &result->value);
    }
    return result->code == 0 ? FPOOL_OK : FPOOL_EFAILED;
}

static const struct fpool_engine call_engine = {
    .struct_size = sizeof(struct fpool_engine),
    .name = "call",
    .state_size = sizeof(struct fpool_call_op),
    .open = call_open,
    .run = call_run,
};

const struct fpool_engine *fpool_engine_call(void)
{
    return &call_engine;
}
