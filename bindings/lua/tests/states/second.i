/* SPDX-License-Identifier: Apache-2.0 */
/* Another module by SWIG, as small as can be: with a type of its own, so that it has something to chain to others'. */
%module second
%inline %{
typedef struct second_thing {
    int number;
} second_thing;

static int answer(void) { return 42; }
%}
