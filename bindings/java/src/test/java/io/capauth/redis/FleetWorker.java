// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.Client;
import java.io.FileOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import org.json.JSONArray;
import org.json.JSONObject;
import redis.clients.jedis.JedisPooled;

/** Not a test: a worker of the fleet in Python's test_fleet.py, as worker.py is. Its argument is the job. */
public final class FleetWorker {
    private FleetWorker() {}

    public static void main(String[] arguments) throws Exception {
        String text = new String(Files.readAllBytes(Paths.get(arguments[0])), StandardCharsets.UTF_8);
        JSONObject job = new JSONObject(text);
        URI redis = URI.create(job.getString("redis"));
        Path progress = Paths.get(job.getString("progress"));
        JSONArray keys = job.getJSONArray("keys");
        try (JedisPooled jedis = new JedisPooled(redis.getHost(), redis.getPort());
                Client client = Client.builder()
                        .baseUrl(job.getString("base_url"))
                        .caFile(job.getString("ca_file"))
                        .build();
                FileOutputStream done = new FileOutputStream(progress.toFile(), true)) {
            JSONObject options = job.getJSONObject("store");
            SessionStore store = SessionStore.builder(client, RedisServer.commands(jedis))
                    .prefix(options.getString("prefix"))
                    .lockMillis(options.getInt("lock_seconds") * 1000L)
                    .build();
            for (int i = (int) Files.size(progress); i < keys.length(); i++) {
                try (Customer customer = store.session(keys.getString(i))) {
                    if (!customer.gateway("GET", "customer/get").ok()) {
                        throw new IllegalStateException("refused");
                    }
                }
                done.write('.');
            }
        }
    }
}
