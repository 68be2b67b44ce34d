/* SPDX-License-Identifier: MIT */
/* The way into libidn2; called for labels that have bytes above 127. */
#include "engine/dns/idn.h"

#include <idn2.h>
#include <string.h>

static enum fpool_status refuse(int code, const char **ret_reason)
{
    switch (code) {
    case IDN2_MALLOC:
        return FPOOL_ENOMEM;
    case IDN2_ENCODING_ERROR:
        *ret_reason = "not UTF-8";
        break;
    case IDN2_PUNYCODE_BIG_OUTPUT:
    case IDN2_TOO_BIG_LABEL:
    case IDN2_TOO_BIG_DOMAIN:
        *ret_reason = "label is longer than 63 bytes";
        break;
    default:
        *ret_reason = FPOOL_DNS_IDN_REFUSED;
    }
    return FPOOL_EINVALID;
}

enum fpool_status fpool_dns_idn_to_ascii(const char *label, size_t size,
                                         char ascii[FPOOL_DNS_IDN_SIZE],
                                         const char **ret_reason)
{
    uint8_t text[FPOOL_DNS_MAX_IDN + 1];
    uint8_t *result = NULL;
    size_t result_size;
    int code;

    if (size > FPOOL_DNS_MAX_IDN) {
        return refuse(IDN2_TOO_BIG_LABEL, ret_reason);
    }
    if (memchr(label, '\0', size) != NULL) {
        return refuse(IDN2_DISALLOWED, ret_reason);
    }
    memcpy(text, label, size);
    text[size] = '\0';
    code = idn2_lookup_u8(text, &result, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK) {
        return refuse(code, ret_reason);
    }
    result_size = strlen((const char *)result);
    if (result_size < FPOOL_DNS_IDN_SIZE) {
        memcpy(ascii, result, result_size + 1);
    }
    idn2_free(result);
    return result_size < FPOOL_DNS_IDN_SIZE
               ? FPOOL_OK
               : refuse(IDN2_TOO_BIG_LABEL, ret_reason);
}
