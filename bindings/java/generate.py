#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the Java sources that derive from tables.

    generate.py java FOLDER     writes the exceptions, ErrorCode, Errors (from core/errors.json), and the operations in
                                their three forms: Operation, Operations, AsyncSession (from OPERATIONS below)
    generate.py list            names those files
    generate.py hide FILE       takes `public` off the one generated type where SWIG offers no way to
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "core"))
sys.dont_write_bytecode = True

from tables import load_errors, public_name  # noqa: E402

HEAD = "// SPDX-License-Identifier: Apache-2.0\n// Made by generate.py; do not edit.\npackage io.capauth;\n\n"
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


class Operation:
    """One operation: its name here and in C, what it takes, gives and does.

    A secret argument is a String or a char[]; all secrets of one operation are of the same kind. `optional`: there is
    also a form without arguments.
    """

    def __init__(self, name, c_name, doc, secrets=(), texts=(), optional=False, gives="Void"):
        self.name = name
        self.c_name = c_name
        self.doc = doc
        self.secrets = secrets
        self.names = [*secrets, *texts]
        self.optional = optional
        self.gives = gives
        self.constant = c_name.removeprefix("session_").upper()

    def signatures(self):
        """[(type, name), ...] of each overload, without the options."""
        kinds = ["String", "char[]"] if self.secrets else ["String"]
        for kind in kinds:
            yield [(kind, name) for name in self.names]
        if self.optional:
            yield []


OPERATIONS = [
    Operation(
        "generateToken", "token_generate", "Begins a sign-in; the password is a customer's first.",
        secrets=["password"], optional=True,
    ),
    Operation("generateOtp", "otp_generate", "Sends an OTP; another one if called again. Never repeated by itself."),
    Operation("validateOtp", "otp_validate", "A wrong OTP leaves the step open.", secrets=["otp"]),
    Operation("validatePassword", "password_validate", "A wrong password leaves the step open.", secrets=["password"]),
    Operation(
        "changePassword", "password_change", "For a customer who is signed in.",
        secrets=["currentPassword", "newPassword"],
    ),
    Operation(
        "forgetPassword", "password_forget", "Sets a new password; an OTP confirms it, so go on with generating one.",
        secrets=["newPassword"],
    ),
    Operation("regenerateToken", "token_regenerate", "Joins a regeneration in flight."),
    Operation(
        "ensureToken", "token_ensure", "Gives a token that is valid beyond the margin, regenerating it if it must.",
        gives="String",
    ),
    Operation("expireToken", "token_expire", "Ends the token at the Auth Engine; the key stays. Second factor only."),
    Operation(
        "updateIdentifier", "identifier_update", "A new mobile or email for the customer who is signed in.",
        texts=["newValue"],
    ),
    Operation(
        "signOut", "session_sign_out",
        "Cancels what is in flight and forgets token, key and step at once, also without a network.",
    ),
]  # fmt: skip


def java_name(error_class):
    if error_class == "Error":
        return "CapauthException"
    return error_class.removesuffix("Error") + "Exception"


def snake_case(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


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

    /** For an application's tests, with the code {{@link ErrorCode#{public_name(code)}}}; others: {{@link #builder}}. */
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
    return f"""/** The codes of {{@link CapauthException#code()}}. The Auth Engine knows more, and they arrive as they are. */
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
    by_class = {}
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


def operation_enum():
    names = ",\n".join(f"    {operation.constant}" for operation in OPERATIONS)
    cases = ""
    for operation in OPERATIONS:
        texts = "".join(f"texts[{index}].bytes, " for index in range(len(operation.names)) if not operation.optional)
        cases += f"            case {operation.constant}:\n"
        if operation.optional:  # what may be left out is an option in C
            cases += f"""                if (texts.length > 0) {{
                    Options.check("{operation.c_name}", "{operation.names[0]}", options,
                            Native.options_set_{operation.names[0]}(options, texts[0].bytes));
                }}
"""
        cases += f"                return Native.{operation.c_name}(session, {texts}options, call);\n"
    return f"""/** The operations, by the function of C that starts each. */
enum Operation {{
{names},
    GATEWAY;

    /** Such as otp_validate. */
    @Override
    public String toString() {{
        return name().toLowerCase(java.util.Locale.ROOT);
    }}

    int start(SessionHandle session, Text[] texts, OptionsHandle options, CallHandle call) {{
        switch (this) {{
{cases}            case GATEWAY:
                return Native.gateway_call(
                        session, texts[0].bytes, texts[1].bytes, texts[2].bytes, options, call);
            default:
                throw new AssertionError(this);
        }}
    }}
}}
"""


def listed(*items):
    return ", ".join(item for item in items if item)


def declared(signature):
    return ", ".join(f"{kind} {name}" for kind, name in signature)


def passed(signature):
    return ", ".join(name for _, name in signature)


def start_name(operation):
    return "start" + operation.name[0].upper() + operation.name[1:]


def nullable(result):
    """A call that gives nothing gives null."""
    return "@Nullable Void" if result == "Void" else result


def blocking_forms(operation, signature):
    result = {"Void": "NOTHING", "String": "TOKEN"}[operation.gives]
    texts = [f'Text.of("{snake_case(name)}", {name})' for _, name in signature]
    what = listed(f"Operation.{operation.constant}", f"Result.{result}", "options", *texts)
    options = listed(declared(signature), "@Nullable Options options")
    given = declared(signature)
    plain = listed(passed(signature), "(Options) null")
    blocking = "void" if operation.gives == "Void" else operation.gives
    gives = "" if operation.gives == "Void" else "return "
    start = start_name(operation)
    gives_later = nullable(operation.gives)
    return f"""
    /** {operation.doc} */
    public {blocking} {operation.name}({given}) {{
        {gives}{operation.name}({plain});
    }}

    /** {operation.doc} */
    public {blocking} {operation.name}({options}) {{
        {gives}run({what});
    }}

    /** Starts it: see {{@link Call}}. */
    public Call<{gives_later}> {start}({given}) {{
        return {start}({plain});
    }}

    /** Starts it: see {{@link Call}}. */
    public Call<{gives_later}> {start}({options}) {{
        return start({what});
    }}
"""


def future_forms(operation, signature):
    future = f"CompletableFuture<{nullable(operation.gives)}>"
    start = start_name(operation)
    return f"""
    /** {operation.doc} */
    public {future} {operation.name}({declared(signature)}) {{
        return future(session.{start}({passed(signature)}));
    }}

    /** {operation.doc} */
    public {future} {operation.name}({listed(declared(signature), "@Nullable Options options")}) {{
        return future(session.{start}({listed(passed(signature), "options")}));
    }}
"""


def every(forms):
    return "".join(forms(operation, signature) for operation in OPERATIONS for signature in operation.signatures())


def operations():
    return f"""{NULLABLE}/** What a session can do, blocking and started. Options may be null. Of a char[], which stays the caller's, no copy
 * outlives the start of the call. */
abstract class Operations {{
    Operations() {{}}

    abstract <T> T run(Operation operation, Result<T> result, @Nullable Options options, Text... texts);

    abstract <T> Call<T> start(Operation operation, Result<T> result, @Nullable Options options, Text... texts);
{every(blocking_forms)}}}
"""


def async_session():
    return f"""import java.util.concurrent.CompletableFuture;
{NULLABLE}/**
 * A session's operations as futures, which complete on the client's executor, or on the client's own thread where
 * there is none or it refuses; one that is refused on the spot is complete already. Whoever else completes a future, by
 * cancel or orTimeout for instance, cancels its call. Needs API level 24 on Android.
 */
public final class AsyncSession {{
    private final Session session;

    AsyncSession(Session session) {{
        this.session = session;
    }}

    /** The session itself, for its getters. */
    public Session session() {{
        return session;
    }}

    private static <T> CompletableFuture<T> future(Call<T> call) {{
        return new CallFuture<T>(call);
    }}

    /** {{@link Session#gateway(String, String)}} */
    public CompletableFuture<Reply> gateway(String method, String endpoint) {{
        return future(session.startGateway(method, endpoint));
    }}

    /** {{@link Session#gateway(String, String, String, Options)}} */
    public CompletableFuture<Reply> gateway(
            String method, String endpoint, @Nullable String body, @Nullable Options options) {{
        return future(session.startGateway(method, endpoint, body, options));
    }}
{every(future_forms)}}}
"""


def files():
    table = load_errors()
    made = dict(exceptions(table))
    made["ErrorCode"] = error_code(table)
    made["Errors"] = errors(table)
    made["Operation"] = operation_enum()
    made["Operations"] = operations()
    made["AsyncSession"] = async_session()
    return {name + ".java": HEAD + body for name, body in made.items()}


def hide(path):
    text = path.read_text(encoding="utf-8")
    if text.count("\npublic interface ") != 1:
        raise ValueError(f"{path} is not what SWIG used to write")
    path.write_text(text.replace("\npublic interface ", "\ninterface "), encoding="utf-8")


def main(arguments):
    if arguments[:1] == ["java"] and len(arguments) == 2:
        folder = pathlib.Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files().items():
            (folder / name).write_text(text, encoding="utf-8")
    elif arguments == ["list"]:
        print(";".join(sorted(files())), end="")
    elif arguments[:1] == ["hide"] and len(arguments) == 2:
        hide(pathlib.Path(arguments[1]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
