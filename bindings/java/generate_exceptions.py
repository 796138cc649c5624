# SPDX-License-Identifier: Apache-2.0
"""The part of generate.py that makes the exceptions, ErrorCode and Errors, of core/errors.json."""

import json

from tables import public_name

NULLABLE = "import org.jspecify.annotations.Nullable;\n\n"

# What the exceptions of these classes have beside the root's.
EXTRAS = {
    "InvalidArgumentError": """
    /** The argument that is not acceptable, by its name; null when it is not known. */
    public @Nullable String argument() {
        return failure.argument;
    }
""",
    "WrongStepError": """
    /** What to do first. */
    public Step nextStep() {
        return failure.nextStep;
    }
""",
}


def java_name(error_class):
    if error_class == "Error":
        return "CapauthException"
    return error_class.removesuffix("Error") + "Exception"


def exceptions(table):
    for row in table["classes"]:
        if row["parent"] is None:
            continue  # the root is written by hand
        name = java_name(row["name"])
        code = next(code for code in table["codes"] if code["class"] == row["name"])
        extras = EXTRAS.get(row["name"], "")
        yield name, f"""{NULLABLE if "@Nullable" in extras else ""}/** {row["doc"]} */
public class {name} extends {java_name(row["parent"])} {{
    private static final long serialVersionUID = 1;

    {name}(Failure failure) {{
        super(failure);
    }}

    /**
     * For an application's tests, with the code {{@link ErrorCode#{public_name(code)}}}; others: {{@link #builder}}.
     */
    public {name}(String message) {{
        super(Errors.failure(ErrorCode.{public_name(code)}).saying(message));
    }}

    /** The same, with the code's own text. */
    public {name}() {{
        super(Errors.failure(ErrorCode.{public_name(code)}));
    }}
{extras}}}
"""


def error_code(table):
    constants = "\n".join(
        f"    /** {row['text'].capitalize() if row['text'].islower() else row['text']}. */\n"
        f"    public static final int {public_name(row)} = {row['code']};"
        for row in table["codes"]
    )
    return f"""/**
 * The codes of {{@link CapauthException#code()}}. The Auth Engine knows more, and they arrive as they are.
 */
public final class ErrorCode {{
{constants}

    private ErrorCode() {{}}

    /** Its stable name, such as INVALID_OTP; UNKNOWN for another number. */
    public static String name(int code) {{
        return Text.from(Native.error_name(code));
    }}

    /** One English sentence for any code, known or not. */
    public static String message(int code) {{
        return Text.from(Native.strerror(code));
    }}

    /** Whether the same call may succeed later and repeating it does no harm, as far as the code alone tells. */
    public static boolean retryable(int code) {{
        return Native.error_retryable(code) == 1;
    }}
}}
"""


def quoted(text):
    return json.dumps(text)


def errors(table):
    by_class: dict[str, list[dict[str, object]]] = {}
    for row in table["codes"]:
        by_class.setdefault(row["class"], []).append(row)
    cases = ""
    for error_class, rows in by_class.items():
        if error_class != "Error":
            cases += "".join(f"            case ErrorCode.{public_name(row)}:\n" for row in rows)
            cases += f"                return new {java_name(error_class)}(failure);\n"
    failures = "".join(
        f"            case ErrorCode.{public_name(row)}:\n"
        f"                return new Failure(code, {quoted(public_name(row))}, {quoted(row['text'])}, "
        f"{'true' if row['retryable'] else 'false'});\n"
        for row in table["codes"]
    )
    return f"""/** Which exception is thrown for which code. */
final class Errors {{
    private Errors() {{}}

    /** What the table tells of a code, without the native library. */
    static Failure failure(int code) {{
        switch (code) {{
{failures}            default:
                return new Failure(code, "UNKNOWN", "error " + code, false);
        }}
    }}

    static CapauthException exception(Failure failure) {{
        switch (failure.code) {{
{cases}            default:
                return failure.code > 0 ? new RefusedException(failure) : new CapauthException(failure);
        }}
    }}
}}
"""


def exception_files(table):
    return {**dict(exceptions(table)), "ErrorCode": error_code(table), "Errors": errors(table)}
