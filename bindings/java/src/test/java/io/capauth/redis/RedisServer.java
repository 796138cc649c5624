// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.Protocol;

/** A real Redis on a free port of this machine. */
public final class RedisServer implements AutoCloseable {
    public final JedisPooled jedis;
    private final Process process;

    public static boolean isInstalled() {
        for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
            if (new File(folder, "redis-server").canExecute()) {
                return true;
            }
        }
        return false;
    }

    public RedisServer() throws IOException {
        int port = freePort();
        Path folder = Files.createTempDirectory("redis");
        process = new ProcessBuilder("redis-server", "--bind", "127.0.0.1", "--port", "" + port, "--save", "")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        jedis = new JedisPooled("127.0.0.1", port);
        long end = System.nanoTime() + 30_000_000_000L;
        while (!answers()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IOException("redis-server does not start, see " + folder);
            }
        }
    }

    /** Below the ports from which connections are made, of which others take any at any moment. */
    private static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20000, 32768);
            try {
                new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
                return port;
            } catch (IOException taken) {
                continue;
            }
        }
    }

    private boolean answers() {
        try {
            return jedis.ping() != null;
        } catch (RuntimeException notYet) {
            return false;
        }
    }

    public static RedisCommands commands(JedisPooled jedis) {
        return (key, command, arguments) -> jedis.sendCommand(Protocol.Command.valueOf(command), arguments);
    }

    @Override
    public void close() {
        jedis.close();
        process.destroyForcibly();
    }
}
