# SPDX-License-Identifier: Apache-2.0
"""The part of generate.py that makes Operation, Operations and AsyncSession, of core/operations.json."""

from java_text import LINE, camel, javadoc
from tables import SECRETS

NULLABLE = "import org.jspecify.annotations.Nullable;\n\n"


class Method:
    """One operation as Java has it. Its secrets are String or char[], all of one kind at a time; `optional` is the one
    text that may be left out, which is an option in C."""

    def __init__(self, operation, settings):
        self.name = camel(operation.method)
        self.start_name = camel(f"start_{operation.method}")
        self.constant, self.function, self.doc = operation.constant, operation.function, operation.doc
        own, _ = settings.options_of(operation)
        self.optional = next((option.name for option in own if option.kind == "password"), None)
        self.texts = [(argument["name"], argument["doc"]) for argument in operation.arguments]
        self.texts += [(option.name, option.doc) for option in own if option.kind == "password"]
        self.has_secrets = bool(self.optional) or any(row["kind"] in SECRETS for row in operation.arguments)
        self.gives = "String" if operation.gives == "token" else "Void"

    def signatures(self):
        """[(type, C's name), ...] of each overload, without the options."""
        for kind in ["String", "char[]"] if self.has_secrets else ["String"]:
            yield [(kind, name) for name, _ in self.texts]
        if self.optional:
            yield []

    def comment(self, signature, options=False):
        parameters = [(camel(name), doc) for name, doc in self.texts] if signature else []
        if options:
            parameters.append(("options", "May be null."))
        return javadoc("    ", self.doc, parameters)


def operation_case(method):
    texts = [] if method.optional else [f"texts[{index}].bytes" for index in range(len(method.texts))]
    option = ""
    if method.optional:
        option = f"""                if (texts.length > 0) {{
                    Options.check(toString(), "{camel(method.optional)}", options,
                            Native.options_set_{method.optional}(options, texts[0].bytes));
                }}
"""
    arguments = ", ".join(["session", *texts, "options", "call"])
    return f"""            case {method.constant}:
{option}                return Native.{method.function}({arguments});
"""


def constant(name):
    return f'    {name}("{name.lower()}")'


def operation_enum(methods):
    names = ",\n".join(constant(method.constant) for method in methods)
    cases = "".join(operation_case(method) for method in methods)
    optional = " || ".join(f"this == {method.constant}" for method in methods if method.optional)
    return f"""/** The operations, by the function of C that starts each. */
enum Operation {{
{names},
{constant("GATEWAY")};

    private final String text;

    Operation(String text) {{
        this.text = text;
    }}

    /** Such as otp_validate. */
    @Override
    public String toString() {{
        return text;
    }}

    /** Whether a text is an option to C. */
    boolean takesAsOption(Text... texts) {{
        return texts.length > 0 && ({optional});
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
    return ", ".join(f"{kind} {camel(name)}" for kind, name in signature)


def passed(signature):
    return ", ".join(camel(name) for _, name in signature)


def head(result, name, parameters):
    """The first line of a public method, or its first two."""
    line = f"    public {result} {name}({parameters}) {{"
    return line if len(line) <= LINE else f"    public {result} {name}(\n            {parameters}) {{"


def nullable(result):
    """A call that gives nothing gives null."""
    return "@Nullable Void" if result == "Void" else result


def blocking_forms(method, signature):
    result = {"Void": "NOTHING", "String": "TOKEN"}[method.gives]
    texts = "".join(f""",
                Text.of("{name}", {camel(name)})""" for _, name in signature)
    what = f"Operation.{method.constant}, Result.{result}, options{texts}"
    given = declared(signature)
    with_options = listed(given, "@Nullable Options options")
    plain = listed(passed(signature), "(Options) null")
    blocking = "void" if method.gives == "Void" else method.gives
    gives = "" if method.gives == "Void" else "return "
    call = f"Call<{nullable(method.gives)}>"
    return f"""
{method.comment(signature)}{head(blocking, method.name, given)}
        {gives}{method.name}({plain});
    }}

{method.comment(signature, options=True)}{head(blocking, method.name, with_options)}
        {gives}run({what});
    }}

    /** Starts it: see {{@link Call}}. */
{head(call, method.start_name, given)}
        return {method.start_name}({plain});
    }}

    /** Starts it: see {{@link Call}}. */
{head(call, method.start_name, with_options)}
        return start({what});
    }}
"""


def future_forms(method, signature):
    future = f"CompletableFuture<{nullable(method.gives)}>"
    with_options = listed(declared(signature), "@Nullable Options options")
    return f"""
{method.comment(signature)}{head(future, method.name, declared(signature))}
        return future(session.{method.start_name}({passed(signature)}));
    }}

{method.comment(signature, options=True)}{head(future, method.name, with_options)}
        return future(session.{method.start_name}({listed(passed(signature), "options")}));
    }}
"""


def every(methods, forms):
    return "".join(forms(method, signature) for method in methods for signature in method.signatures())


def operations_class(methods):
    return f"""{NULLABLE}/**
 * What a session can do, blocking and started. Options may be null. Of a char[], which stays the caller's, no copy
 * outlives the start of the call. */
abstract class Operations {{
    Operations() {{}}

    abstract <T> T run(Operation operation, Result<T> result, @Nullable Options options, Text... texts);

    abstract <T> Call<T> start(Operation operation, Result<T> result, @Nullable Options options, Text... texts);
{every(methods, blocking_forms)}}}
"""


def async_session(methods):
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
{every(methods, future_forms)}}}
"""


def operation_files(operations, settings):
    """The gateway's methods are written by hand: what they give is a class of its own."""
    methods = [Method(operation, settings) for operation in operations if operation.gives != "reply"]
    return {
        "Operation": operation_enum(methods),
        "Operations": operations_class(methods),
        "AsyncSession": async_session(methods),
    }
