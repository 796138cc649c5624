// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

/**
 * What a store needs of a Redis client, so that any will do. With Jedis:
 *
 * <pre>{@code (key, command, arguments) -> jedis.sendCommand(key, Protocol.Command.valueOf(command), arguments)}</pre>
 *
 * Threads call it at the same time.
 */
public interface RedisCommands {
    /**
     * Sends one command to the node that has the key, and gives its reply: text as String or byte[], a number as Long,
     * several as List, null for nothing. What goes wrong is thrown; a message that contains NOSCRIPT is understood.
     */
    Object send(String key, String command, String... arguments);
}
