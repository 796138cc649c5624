// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** C's names of arguments as Java has them: new_password is newPassword, timeout_ms is timeoutMillis. */
final class JavaNames {
    private static final Pattern SNAKE_CASE = Pattern.compile("\\b[a-z0-9]+(?:_[a-z0-9]+)+\\b");

    private JavaNames() {}

    static String of(String name) {
        if (name == null) {
            return null;
        }
        StringBuilder camel = new StringBuilder();
        for (String word : (name.endsWith("_ms") ? name.substring(0, name.length() - 2) + "millis" : name).split("_")) {
            boolean hump = camel.length() > 0 && !word.isEmpty();
            camel.append(hump ? Character.toUpperCase(word.charAt(0)) + word.substring(1) : word);
        }
        return camel.toString();
    }

    /** The text of an argument error. It may begin with the operation's name, which stays as it is. */
    static String message(String text, String operation) {
        if (text == null) {
            return null;
        }
        int start = operation != null && text.startsWith(operation + ": ") ? operation.length() + 2 : 0;
        Matcher snake = SNAKE_CASE.matcher(text.substring(start));
        StringBuffer all = new StringBuffer(text.substring(0, start));
        while (snake.find()) {
            snake.appendReplacement(all, Matcher.quoteReplacement(of(snake.group())));
        }
        return snake.appendTail(all).toString();
    }
}
