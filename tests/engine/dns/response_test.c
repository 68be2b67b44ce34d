/* SPDX-License-Identifier: MIT */
/* Responses: complete, in one block that is just large enough, and free of what
 * they were made from. */
#include "engine/dns/response.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "engine/dns/message.h"
#include "engine/dns/name.h"

#define UNKNOWN_TYPE 65535 /* with the longest name of a type */

/* What a response is made from. */
struct input {
    struct message message;
    struct fpool_dns_parsed parsed;
    struct fpool_dns_resolver resolver;
    struct fpool_dns_outcome outcome;
    uint8_t query[FPOOL_DNS_MAX_QUERY];
    size_t query_size;
    uint16_t type;
};

static void begin(struct input *in, const char *name, uint16_t type)
{
    struct fpool_dns_question question;
    enum fpool_status status;
    const char *reason;

    memset(in, 0, sizeof(*in));
    in->type = type;
    assert_ok(fpool_dns_question_parse(&question, name, strlen(name), NULL,
                                       type, &reason));
    in->query_size = fpool_dns_query_build(&question, 1232, in->query, &status);
    assert_true(in->query_size > 0);
    message_put(&in->message, in->query, in->query_size - FPOOL_DNS_OPT_SIZE);
    message_set_flags(&in->message, 0x8180);
    message_set16(&in->message, 10, 0);
    fpool_dns_parsed_init(&in->parsed);
    in->resolver.address.v4.sin_family = AF_INET;
    in->resolver.address.v4.sin_addr.s_addr = htonl(0xc0000235);
    in->resolver.address.v4.sin_port = htons(53);
    in->outcome = (struct fpool_dns_outcome){
        .status = FPOOL_DNS_TIMEOUT,
        .rcode = -1,
        .n_tries = 3,
        .time_ns = 1234567,
        .reason = "no reply",
    };
}

/* The message is the answer. */
static void answer(struct input *in)
{
    assert_status(message_parse_bytes(&in->parsed, in->message.bytes,
                                      in->message.size, in->type),
                  FPOOL_OK);
    in->outcome.status = FPOOL_DNS_OK;
    in->outcome.rcode = in->parsed.rcode;
    in->outcome.parsed = &in->parsed;
    in->outcome.message = in->message.bytes;
    in->outcome.message_size = in->message.size;
    in->outcome.resolver = &in->resolver;
    in->outcome.reason = "";
}

static void end(struct input *in)
{
    fpool_dns_parsed_fini(&in->parsed);
    fpool_free(in->resolver.text);
}

/* Ruins what functions have left on the stack: no text may be there. */
static void ruin_stack(void)
{
    volatile char waste[4096];
    size_t i;

    for (i = 0; i < sizeof(waste); i++) {
        waste[i] = 'x';
    }
}

/* Creates a response at the very end of a slab, so that sanitizers see what is
 * written behind it; large ones have blocks of their own. */
static struct fpool_dns_response *create(struct input *in, bool keeps_message)
{
    struct fpool_dns_slabs slabs = { .current = NULL };
    struct fpool_dns_response *response;
    size_t before;
    size_t size;

    fpool_dns_slab_free(fpool_dns_slab_alloc(&slabs, 1));
    before = slabs.used;
    response = fpool_dns_response_create(&slabs, in->query, in->query_size,
                                         in->type, &in->outcome, keeps_message);
    assert_non_null(response);
    size = slabs.used - before;
    fpool_dns_response_release(response);

    slabs.used = FPOOL_DNS_SLAB_SIZE - size;
    response = fpool_dns_response_create(&slabs, in->query, in->query_size,
                                         in->type, &in->outcome, keeps_message);
    assert_non_null(response);
    assert_int_equal(slabs.used, FPOOL_DNS_SLAB_SIZE);
    fpool_dns_slab_fini(&slabs);
    ruin_stack();
    return response;
}

static void *release(void *response)
{
    fpool_dns_response_release(response);
    return NULL;
}

/* As whoever has the result does it. */
static void release_elsewhere(struct fpool_dns_response *response)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, release, response), 0);
    pthread_join(thread, NULL);
}

/* Both were parsed from the same bytes, the second one after the response was
 * made. */
static void check_records(const struct fpool_dns_response *r,
                          const struct fpool_dns_parsed *p,
                          const struct message *m)
{
    size_t i;

    assert_int_equal(r->n_records, p->n_records);
    assert_int_equal(r->ttl, p->ttl);
    for (i = 0; i < p->n_records; i++) {
        const struct fpool_dns_parsed_record *wanted = &p->records[i];
        const struct fpool_dns_record *got = &r->records[i];
        char buffer[FPOOL_DNS_CODE_TEXT_SIZE];

        assert_string_equal(got->name, record_name(p, i));
        assert_string_equal(got->data, record_data(p, i));
        assert_int_equal(got->ttl, wanted->ttl);
        assert_int_equal(got->type, wanted->type);
        assert_string_equal(got->type_text,
                            fpool_dns_type_text(wanted->type, buffer));
        if (wanted->type == FPOOL_DNS_TYPE_A ||
            wanted->type == FPOOL_DNS_TYPE_AAAA) {
            assert_memory_equal(got->address, m->bytes + wanted->rdata,
                                wanted->rdata_size);
        } else {
            assert_null(got->address);
        }
    }
}

/* Makes a response, ruins all that it was made from, and looks at it. */
static void check_answer(struct input *in, bool keeps_message)
{
    static struct message copy;
    struct fpool_dns_parsed parsed;
    struct fpool_dns_response *r;

    answer(in);
    r = create(in, keeps_message);
    copy = in->message;
    memset(in->message.bytes, 0xee, in->message.size);
    memset(in->parsed.text, 0xee, in->parsed.text_size);
    memset(in->query, 0xee, sizeof(in->query));

    fpool_dns_parsed_init(&parsed);
    assert_ok(message_parse_bytes(&parsed, copy.bytes, copy.size, in->type));
    check_records(r, &parsed, &copy);
    if (keeps_message) {
        assert_int_equal(r->message_size, copy.size);
        assert_memory_equal(r->message, copy.bytes, copy.size);
    } else {
        assert_null(r->message);
        assert_int_equal(r->message_size, 0);
    }
    assert_int_equal(r->status, FPOOL_DNS_OK);
    assert_string_equal(r->resolver, "192.0.2.53:53");
    assert_string_equal(r->protocol, "udp");
    assert_string_equal(r->error_message, "");
    fpool_dns_parsed_fini(&parsed);
    release_elsewhere(r);
    end(in);
}

static void an_answer_without_records(void **state)
{
    static struct input in;
    int keeps;

    (void)state;
    for (keeps = 0; keeps < 2; keeps++) {
        begin(&in, "www.example.org", FPOOL_DNS_TYPE_A);
        check_answer(&in, keeps == 1);
    }
}

static void an_answer_with_one_record(void **state)
{
    static struct input in;
    int keeps;

    (void)state;
    for (keeps = 0; keeps < 2; keeps++) {
        begin(&in, "www.example.org", FPOOL_DNS_TYPE_AAAA);
        message_add(&in.message, ANSWER, NULL, 0, FPOOL_DNS_TYPE_AAAA, 60,
                    "0123456789abcdef", 16);
        check_answer(&in, keeps == 1);
        begin(&in, "www.example.org", UNKNOWN_TYPE);
        message_add(&in.message, ANSWER, NULL, 0, UNKNOWN_TYPE, 60, "\1\2", 2);
        check_answer(&in, keeps == 1);
    }
}

/* Each size in turn, so that some of them just fit into a slab with others and
 * some have their own block, which is exact to the byte. */
static void answers_with_up_to_a_hundred_records(void **state)
{
    static const uint16_t types[] = { FPOOL_DNS_TYPE_A, FPOOL_DNS_TYPE_AAAA,
                                      FPOOL_DNS_TYPE_TXT, UNKNOWN_TYPE };
    static const unsigned sizes[] = { 4, 16, 8, 5 };
    static const char data[17] = "\7abcdefghijklmno";
    static struct input in;
    size_t type;
    int n;
    int i;

    (void)state;
    for (n = 2; n <= 100; n += n < 40 ? 1 : 7) {
        for (type = 0; type < N_ELEMENTS(types); type++) {
            begin(&in, "www.example.org", types[type]);
            for (i = 0; i < n; i++) {
                message_add(&in.message, ANSWER, NULL, 0, types[type],
                            (uint32_t)(1000 - i), data, sizes[type]);
            }
            check_answer(&in, n % 2 == 0);
        }
    }
}

/* The most that a response needs: numbers for names, addresses of 16 bytes, the
 * longest names, and the message. */
static void the_largest_of_everything(void **state)
{
    static const uint8_t opt_rcode_4095[] = { 0, 0, 41, 4, 208, 0xff,
                                              0, 0, 0,  0, 0 };
    static struct input in;
    char name[1100] = "";
    int i;

    (void)state;
    for (i = 0; i < 253; i++) { /* as text, each byte of a label is "\ddd" */
        strncat(name, i % 64 == 63 ? "." : "\\200",
                sizeof(name) - strlen(name) - 1);
    }
    begin(&in, name, UNKNOWN_TYPE);
    in.resolver.address.v6.sin6_family = AF_INET6;
    memset(&in.resolver.address.v6.sin6_addr, 0xff, 16);
    in.resolver.address.v6.sin6_port = htons(65535);
    for (i = 0; i < 80; i++) {
        message_add(&in.message, ANSWER, NULL, 0, FPOOL_DNS_TYPE_AAAA, 1,
                    "0123456789abcdef", 16);
    }
    message_set_flags(&in.message, 0x818f);
    message_count(&in.message, ADDITIONAL);
    message_put(&in.message, opt_rcode_4095, sizeof(opt_rcode_4095));
    answer(&in);
    in.outcome.status = FPOOL_DNS_FAILED;
    for (i = 0; i < 2; i++) {
        struct fpool_dns_response *r = create(&in, i == 1);

        assert_string_equal(r->name, name);
        assert_string_equal(r->type_text, "TYPE65535");
        assert_string_equal(r->rcode_text, "RCODE4095");
        assert_int_equal(r->rcode, 4095);
        assert_string_equal(r->resolver,
                            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
        check_records(r, &in.parsed, &in.message);
        release_elsewhere(r);
    }
    end(&in);
}

/* Nobody answered. */
static void a_failure_without_reply(void **state)
{
    static struct input in;
    struct fpool_dns_response *r;

    (void)state;
    begin(&in, "Www.Example.ORG.", FPOOL_DNS_TYPE_MX);
    r = create(&in, true);
    assert_int_equal(r->struct_size, sizeof(*r));
    assert_int_equal(r->status, FPOOL_DNS_TIMEOUT);
    assert_int_equal(r->rcode, -1);
    assert_string_equal(r->rcode_text, "");
    assert_string_equal(r->name, "www.example.org");
    assert_string_equal(r->type_text, "MX");
    assert_int_equal(r->type, FPOOL_DNS_TYPE_MX);
    assert_int_equal(r->n_records, 0);
    assert_int_equal(r->ttl, 0);
    assert_string_equal(r->resolver, "");
    assert_string_equal(r->protocol, "");
    assert_int_equal(r->tries, 3);
    assert_int_equal(r->time_us, 1234);
    assert_false(r->is_truncated);
    assert_string_equal(r->error_message, "no reply");
    assert_null(r->message);
    fpool_dns_response_release(r);
    end(&in);
}

/* Somebody did, but there is nothing to read. */
static void a_failure_with_a_code(void **state)
{
    static struct input in;
    struct fpool_dns_response *r;

    (void)state;
    begin(&in, "a.example", FPOOL_DNS_TYPE_A);
    in.outcome.status = FPOOL_DNS_SERVFAIL;
    in.outcome.rcode = 2;
    in.outcome.resolver = &in.resolver;
    in.outcome.is_tcp = true;
    in.outcome.is_truncated = true;
    r = create(&in, false);
    assert_int_equal(r->status, FPOOL_DNS_SERVFAIL);
    assert_string_equal(r->rcode_text, "SERVFAIL");
    assert_string_equal(r->resolver, "192.0.2.53:53");
    assert_string_equal(r->protocol, "tcp");
    assert_true(r->is_truncated);
    fpool_dns_response_release(r);
    end(&in);
}

/* The text of a resolver is made once and belongs to it, not to responses. */
static void a_resolver_keeps_its_text(void **state)
{
    static struct input in;
    struct fpool_dns_slabs slabs = { .current = NULL };
    struct fpool_dns_response *one;
    const char *text;

    (void)state;
    begin(&in, "a.example", FPOOL_DNS_TYPE_A);
    answer(&in);
    one = create(&in, false);
    text = in.resolver.text;
    assert_non_null(text);
    fpool_dns_response_release(create(&in, false));
    assert_ptr_equal(in.resolver.text, text);
    end(&in);
    assert_string_equal(one->resolver, "192.0.2.53:53");
    fpool_dns_response_release(one);

    begin(&in, "a.example", FPOOL_DNS_TYPE_A);
    answer(&in);
    fpool_mem_fail_at(1, 0); /* no memory for the text: a response without */
    one = fpool_dns_response_create(&slabs, in.query, in.query_size, in.type,
                                    &in.outcome, false);
    fpool_mem_fail_at(0, 0);
    assert_non_null(one);
    assert_string_equal(one->resolver, "");
    fpool_dns_response_release(one);
    fpool_mem_fail_at(1, 1); /* no memory at all */
    fpool_dns_slab_fini(&slabs);
    assert_null(fpool_dns_response_create(&slabs, in.query, in.query_size,
                                          in.type, &in.outcome, false));
    assert_null(fpool_dns_response_invalid(&slabs, in.type, ""));
    fpool_mem_fail_at(0, 0);
    end(&in);
}

static void an_item_that_is_no_name(void **state)
{
    struct fpool_dns_slabs slabs = { .current = NULL };
    struct fpool_dns_response *r;
    size_t size;

    (void)state;
    fpool_dns_slab_free(fpool_dns_slab_alloc(&slabs, 1));
    size = slabs.used;
    r = fpool_dns_response_invalid(&slabs, UNKNOWN_TYPE, "too long");
    size = slabs.used - size;
    fpool_dns_response_release(r);
    slabs.used = FPOOL_DNS_SLAB_SIZE - size; /* to the end of the slab */
    r = fpool_dns_response_invalid(&slabs, UNKNOWN_TYPE, "too long");
    ruin_stack();
    fpool_dns_slab_fini(&slabs);
    assert_int_equal(r->struct_size, sizeof(*r));
    assert_int_equal(r->status, FPOOL_DNS_BADNAME);
    assert_string_equal(r->error_message, "too long");
    assert_string_equal(r->type_text, "TYPE65535");
    assert_int_equal(r->type, UNKNOWN_TYPE);
    assert_string_equal(r->name, "");
    assert_string_equal(r->rcode_text, "");
    assert_int_equal(r->rcode, -1);
    assert_string_equal(r->resolver, "");
    assert_string_equal(r->protocol, "");
    assert_int_equal(r->n_records, 0);
    assert_null(r->message);
    release_elsewhere(r);
}

static void every_status_has_one_of_the_result(void **state)
{
    static const enum fpool_status wanted[FPOOL_DNS_N_STATUSES] = {
        [FPOOL_DNS_OK] = FPOOL_OK,
        [FPOOL_DNS_NODATA] = FPOOL_OK,
        [FPOOL_DNS_NXDOMAIN] = FPOOL_OK,
        [FPOOL_DNS_SERVFAIL] = FPOOL_EFAILED,
        [FPOOL_DNS_REFUSED] = FPOOL_EREFUSED,
        [FPOOL_DNS_TIMEOUT] = FPOOL_EDEADLINE,
        [FPOOL_DNS_BADNAME] = FPOOL_EINVALID,
        [FPOOL_DNS_BADREPLY] = FPOOL_EPROTOCOL,
        [FPOOL_DNS_FAILED] = FPOOL_EFAILED,
    };
    int status;

    (void)state;
    for (status = 0; status < FPOOL_DNS_N_STATUSES; status++) {
        assert_status(fpool_dns_response_status((enum fpool_dns_status)status),
                      wanted[status]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_without_records),
        cmocka_unit_test(an_answer_with_one_record),
        cmocka_unit_test(answers_with_up_to_a_hundred_records),
        cmocka_unit_test(the_largest_of_everything),
        cmocka_unit_test(a_failure_without_reply),
        cmocka_unit_test(a_failure_with_a_code),
        cmocka_unit_test(a_resolver_keeps_its_text),
        cmocka_unit_test(an_item_that_is_no_name),
        cmocka_unit_test(every_status_has_one_of_the_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
