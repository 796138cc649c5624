# SPDX-License-Identifier: Apache-2.0
"""The part of generate.py that makes Setting, ClientOptions and Options, of core/settings.json."""

from java_text import camel, javadoc

NUMBERS = ("duration", "count", "flag", "clock")


def singular(setting):
    """What may be given several times is given one by one."""
    return setting.c_name.removesuffix("s") if setting.kind == "pairs" else setting.c_name


ONLY_HERE = {"ca_pem": " On Android, where neither is given, the system's store is read."}


def documented(setting, settings):
    """What it does, its bounds, and what holds without it."""
    return settings.explained(setting, "milliseconds") + ONLY_HERE.get(setting.name, "")


# ---- A client's ----


def setting_case(setting):
    value = {"clock": "number", "pairs": "name, text"}.get(setting.kind, "small" if setting.is_number else "text")
    name = singular(setting)
    verb = "add" if setting.kind == "pairs" else "set"
    return f"""            case {camel_constant(setting)}:
                return Native.client_{verb}_{name}(client, {value});
"""


def camel_constant(setting):
    """TIMEOUT_MILLIS: what JavaNames makes the builder's method of."""
    name = singular(setting)
    return (f"{name[:-3]}_millis" if name.endswith("_ms") else name).upper()


def setting_enum(settings):
    names = ",\n".join(f"    {camel_constant(setting)}" for setting in settings.client)
    cases = "".join(setting_case(setting) for setting in settings.client)
    first = " || ".join(f"this == {camel_constant(setting)}" for setting in settings.client if setting.first)
    return f"""import java.util.Locale;

/** A client's options: which function of C sets each. */
enum Setting {{
{names};

    /** As the builder's method is called. */
    @Override
    public String toString() {{
        return JavaNames.of(name().toLowerCase(Locale.ROOT));
    }}

    /** Whether it is set before the others, whose values are looked at in its light. */
    boolean isFirst() {{
        return {first};
    }}

    int apply(ClientHandle client, byte[] name, byte[] text, long number) {{
        int small = Millis.of(number);
        switch (this) {{
{cases}            default:
                throw new AssertionError(this);
        }}
    }}
}}
"""


def builder_method(setting, settings):
    name, constant, parameter = camel(singular(setting)), f"Setting.{camel_constant(setting)}", camel(setting.parameter)
    if setting.kind == "pairs":
        declared, value = "String name, String value", "name, value, 0"
    elif setting.kind == "cluster":
        declared, value = "Cluster cluster", "null, cluster == null ? null : cluster.name(), 0"
    elif setting.kind in ("duration", "clock"):
        declared, value = "long millis", "null, null, millis"
    elif setting.kind == "count":
        declared, value = f"int {parameter}", f"null, null, {parameter}"
    elif setting.kind == "flag":
        declared, value = f"boolean {parameter}", f"null, null, {parameter} ? 1 : 0"
    else:
        declared, value = f"String {parameter}", f"null, {parameter}, 0"
    return f"""
{javadoc("    ", documented(setting, settings))}    public Client.Builder {name}({declared}) {{
        return set({constant}, {value});
    }}
"""


def client_options(settings):
    methods = "".join(builder_method(setting, settings) for setting in settings.client)
    return f"""/** What a client can be told, option by option: the part of its builder that is made of a table. */
abstract class ClientOptions {{
    ClientOptions() {{}}

    /** Keeps what an option was given: the name of a header, a text, a number. */
    abstract Client.Builder set(Setting setting, String name, String text, long number);
{methods}}}
"""


def cluster_enum(settings):
    names = ",\n".join(f"    /** {cluster['base_url']} */\n    {cluster['name']}" for cluster in settings.clusters)
    return f"""/** The Auth Engine's public hosts. */
public enum Cluster {{
{names}
}}
"""


# ---- A call's ----


class Option:
    """An option of calls as Java has it; passwords and bodies are arguments of their methods instead."""

    def __init__(self, setting, operations, settings):
        users = [camel(operation.method) for operation in operations if setting.name in operation.options]
        self.setting = setting
        self.name = camel(singular(setting))
        self.doc = documented(setting, settings)
        if not setting.common:
            self.doc += f" Only {' and '.join(users)} use{'s' if len(users) == 1 else ''} it."

    def field(self):
        return {
            "duration": f"    private Long {self.name};\n",
            "flag": f"    private boolean {self.name};\n",
            "text": f"    private String {self.name};\n",
            "hash": f"    private String {self.name};\n    private long {self.name}Timestamp;\n",
        }.get(self.setting.kind, f"    private final List<String[]> {self.name} = new ArrayList<String[]>();\n")

    def method(self):
        name, timestamp = self.name, f"{self.name}Timestamp"
        last = self.setting.name.rpartition("_")[2]  # fallback_channel: channel
        declared, body = {
            "duration": ("long millis", f"{name} = millis;"),
            "flag": (f"boolean {name}", f"this.{name} = {name};"),
            "text": (f"String {last}", f"{name} = {last};"),
            "hash": ("String hash, long timestampMillis", f"{name} = hash;\n        {timestamp} = timestampMillis;"),
        }.get(self.setting.kind, ("String name, String value", f"{name}.add(new String[] {{name, value}});"))
        return f"""
{javadoc("    ", self.doc)}    public Options {name}({declared}) {{
        {body}
        return this;
    }}
"""

    def applied(self):
        name, c_name, kind = self.name, self.setting.c_name, self.setting.kind
        if kind in ("pairs", "query"):
            return f"""        for (String[] one : {name}) {{
            byte[] of = bytes(operation, "{name}", one[0]);
            byte[] value = bytes(operation, "{name}", one[1]);
            check(operation, "{name}", to, Native.options_add_{singular(self.setting)}(to, of, value));
        }}
"""
        given = f"{name}" if kind == "flag" else f"{name} != null"
        value = {"duration": f"Millis.of({name})", "flag": "1", "hash": f"value, {name}Timestamp"}.get(kind, "value")
        local = f'            byte[] value = bytes(operation, "{c_name}", {name});\n' if "value" in value else ""
        return f"""        if ({given}) {{
{local}            check(operation, "{name}", to, Native.options_set_{c_name}(to, {value}));
        }}
"""


def options_class(operations, settings):
    taken = [option for option in settings.call if option.kind not in ("password", "body")]
    options = [Option(option, operations, settings) for option in taken]
    return f"""import java.util.ArrayList;
import java.util.List;

/**
 * The optional arguments of one call. One object may serve many calls; do not change it while another thread starts
 * one. What an operation has no use for is ignored. What is wrong is said by the call.
 */
public final class Options {{
{"".join(option.field() for option in options)}{"".join(option.method() for option in options)}
    void apply(String operation, OptionsHandle to) {{
{"".join(option.applied() for option in options)}    }}

    private static byte[] bytes(String operation, String name, String value) {{
        Text text = Text.of(name, value);
        if (!text.wellFormed) {{
            throw text.malformed(operation);
        }}
        return text.bytes;
    }}

    static void check(String operation, String argument, OptionsHandle options, int code) {{
        if (code == ErrorCode.INVALID_ARGUMENT) {{
            byte[][] text = new byte[1][];
            Native.options_copy_error_message(options, text);
            String why = JavaNames.message(Text.orEmpty(text[0]), null);
            throw CapauthException.invalid(operation, argument,
                    why.startsWith(argument + " ") ? why.substring(argument.length() + 1) : "is refused: " + why);
        }}
        if (code != 0) {{
            throw CapauthException.of(code, operation, null);
        }}
    }}
}}
"""


def option_files(operations, settings):
    return {
        "Setting": setting_enum(settings),
        "ClientOptions": client_options(settings),
        "Cluster": cluster_enum(settings),
        "Options": options_class(operations, settings),
    }
