/* SPDX-License-Identifier: Apache-2.0 */
/* Lists whose members hold the links themselves. A list is a struct with `first` and `last`; `next` and `previous` are
 * the names of the two links. */
#ifndef CAPAUTH_LIST_H
#define CAPAUTH_LIST_H

#include <stddef.h>

#define CAPAUTH__LIST_APPEND(list, member, next, previous)                                                             \
    do {                                                                                                               \
        (member)->next = NULL;                                                                                         \
        (member)->previous = (list)->last;                                                                             \
        *((list)->last ? &(list)->last->next : &(list)->first) = (member);                                             \
        (list)->last = (member);                                                                                       \
    } while (0)

#define CAPAUTH__LIST_REMOVE(list, member, next, previous)                                                             \
    do {                                                                                                               \
        *((member)->previous ? &(member)->previous->next : &(list)->first) = (member)->next;                           \
        *((member)->next ? &(member)->next->previous : &(list)->last) = (member)->previous;                            \
        (member)->next = (member)->previous = NULL;                                                                    \
    } while (0)

#endif
