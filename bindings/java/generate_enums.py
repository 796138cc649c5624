# SPDX-License-Identifier: Apache-2.0
"""The part of generate.py that makes Flow, IdentifierType, LogLevel and Step, of core/enums.json."""

from java_text import javadoc

CLASSES = {"flow": "Flow", "identifier": "IdentifierType", "log": "LogLevel", "step": "Step"}

STEP_TEXT = """
    /** The protocol's way to write it, such as otp_validate. */
    @Override
    public String toString() {
        return Text.from(Native.step_name(number));
    }
"""


def enum_class(key, name, enum):
    constants = "".join(
        f"{javadoc('    ', value['doc'])}    {value['name']}(Native.{key.upper()}_{value['name']}),\n"
        for value in enum["values"]
    )
    return f"""{javadoc("", enum["doc"])}public enum {name} {{
{constants}    /** None, or one of a later version. */
    UNKNOWN(0);

    final int number;

    {name}(int number) {{
        this.number = number;
    }}

    static {name} of(int number) {{
        for ({name} one : values()) {{
            if (one.number == number) {{
                return one;
            }}
        }}
        return UNKNOWN;
    }}
{STEP_TEXT if key == "step" else ""}}}
"""


def enum_files(enums):
    return {name: enum_class(key, name, enums[key]) for key, name in CLASSES.items()}
